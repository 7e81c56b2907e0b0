// The form: one field a column of the contract, and what stands in it as a number.
const DAY = 86400000; // milliseconds
const MISSING = "«missing»";
const OTHER = "another value";

// The choices of a column that has no free input: words, and the number that each stands for.
const choices = {
  boolean: () => [["false", 0], ["true", 1]],
  category: (column) => [...codesOf(column), [OTHER, -1]],
};

// A column of one value in all training rows has no codes, as the model does not look at it.
function codesOf({ codes, values }) {
  return codes.length > 0 ? codes.map((value, place) => [value, place])
    : values.map((value) => [value, -1]);
}

// How a free input reads and shows its value: type, number of a text, text of a JSON value.
const inputs = {
  number: { type: "number", step: "any", read: Number, show: String },
  integer: { type: "number", step: "1", read: Number, show: String },
  day: {
    type: "date",
    read: (text) => Date.parse(`${text}T00:00:00Z`) / DAY,
    show: (value) => value.slice(0, 10),
  },
  second: {
    type: "datetime-local",
    step: "1",
    read: (text) => Date.parse(`${text}Z`) / 1000,
    show: (value) => (value.includes("T") ? value : `${value}T00:00:00`),
  },
};

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function hintOf(column) {
  const { min, max } = column;
  const range =
    min !== undefined && max !== undefined ? `${min} to ${max}`
    : min !== undefined ? `from ${min} on`
    : max !== undefined ? `up to ${max}`
    : column.type === "integer" ? "a whole number"
    : column.type === "date" && column.unit === "second" ? "in UTC"
    : "";
  const gap = column.missing ? "may be missing" : "";
  return [range, gap].filter(Boolean).join(", ");
}

// A field: its element, the number that it holds (NaN for a gap), whether that is odd, told
// below it, and a way to set it from a JSON value.
function fieldOf(column, place) {
  const id = `column-${place}`;
  const known = choices[column.type];
  const input = known ? chooser(column, known(column)) : freeInput(column);
  input.control.id = id;
  input.control.setAttribute("aria-describedby", `${id}-hint`);
  const usual = hintOf(column);
  const hint = element("span", { className: "hint", id: `${id}-hint`, textContent: usual });
  const label = element("label", { htmlFor: id, textContent: column.name });
  const box = element("div", { className: "field" }, [label, input.control, hint]);
  const look = () => {
    const odd = oddity(column, input);
    hint.textContent = odd || usual;
    hint.classList.toggle("odd", Boolean(odd));
    input.control.setAttribute("aria-invalid", String(Boolean(odd)));
    return Boolean(odd);
  };
  return { column, box, look, number: input.number, set: input.set, unreadable: input.unreadable };
}

function oddity(column, input) {
  if (input.unreadable()) return "This cannot be read.";
  const value = input.number();
  if (Number.isNaN(value)) return column.missing ? "" : "Missing, where the contract has no gap.";
  if (column.type === "category") {
    return value < 0 && column.codes.length > 0 ? "Never seen in training." : "";
  }
  if (column.type === "integer" && !Number.isInteger(value)) return "Not a whole number.";
  if (value < column.min || value > column.max) {
    return `Outside ${hintOf({ ...column, missing: false })}.`;
  }
  return "";
}

function chooser(column, pairs) {
  const options = [[MISSING, NaN], ...pairs].map(([text], place) =>
    element("option", { value: String(place), textContent: text }));
  const control = element("select", {}, options);
  const numbers = [NaN, ...pairs.map(([, number]) => number)];
  const placeOf = (value) => {
    if (value === null) return 0;
    const found = pairs.findIndex(([text]) => text === String(value));
    return found < 0 ? pairs.length : found + 1;
  };
  return {
    control,
    number: () => numbers[Number(control.value)],
    set: (value) => { control.value = String(placeOf(value)); },
    unreadable: () => false,
  };
}

function freeInput(column) {
  const kind = inputs[column.type === "date" ? column.unit : column.type];
  const control = element("input", { type: kind.type });
  if (kind.step) control.step = kind.step;
  return {
    control,
    number: () => (control.value === "" ? NaN : kind.read(control.value)),
    set: (value) => { control.value = value === null ? "" : kind.show(value); },
    unreadable: () =>
      control.validity.badInput || (control.value !== "" && Number.isNaN(kind.read(control.value))),
  };
}
