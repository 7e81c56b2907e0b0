// The page: the model is loaded once, and asked anew at each change of the form.
const RUNTIME = "./ort/ort.wasm.min.mjs";
const MODEL = "./model.portable.onnx";

const content = JSON.parse(document.getElementById("content").textContent);
const state = document.getElementById("state");
const answer = document.getElementById("answer");
const fields = content.columns.map(fieldOf);

function say(...parts) {
  state.replaceChildren(...parts);
  state.hidden = parts.length === 0;
}

function code(text) {
  return element("code", { textContent: text });
}

class Absent extends Error {}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} cannot be had (${response.status})`);
  return response.arrayBuffer();
}

async function loadRuntime() {
  try {
    const ort = await import(new URL(RUNTIME, location.href).href);
    ort.env.wasm.wasmPaths = new URL("./ort/", location.href).href;
    ort.env.wasm.numThreads = 1; // more need headers that plain file servers do not send
    return ort;
  } catch (error) {
    throw new Absent(String(error));
  }
}

async function load() {
  const ort = await loadRuntime();
  const model = await fetched(MODEL);
  if ((await hexOfDigest(model)) !== content.sha256) {
    throw new Error(`${MODEL} is not the file that was exported`);
  }
  const session = await sessionOf(ort, model);
  return async (row) => {
    const features = new ort.Tensor("float32", row, [1, row.length]);
    const { label, probabilities } = await session.run({ features });
    return [label.data[0], Array.from(probabilities.data)];
  };
}

async function sessionOf(ort, model) {
  try {
    return await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  } catch (error) { // the other files of ort/ are loaded only here
    const broken = String(error).includes("no available backend");
    throw broken ? new Absent(String(error)) : error;
  }
}

let ask = null;
let busy = false;
let again = false;

async function update() {
  tellOdd(fields);
  if (ask === null) return;
  if (busy) { // a session answers one call at a time; the last change counts
    again = true;
    return;
  }
  busy = true;
  try {
    await answerNow();
  } catch (error) {
    refuse(`The model cannot answer: ${error.message}`);
  }
  busy = false;
  if (again) {
    again = false;
    await update();
  }
}

async function answerNow() {
  const unreadable = fields.find((field) => field.unreadable());
  if (unreadable) {
    refuse(`Mend the field ${unreadable.column.name}: what stands there cannot be read.`);
    return;
  }
  const row = new Float32Array(fields.length);
  fields.forEach((field) => { row[field.column.place] = field.number(); });
  const [label, probabilities] = await ask(row);
  if (!probabilities.every(Number.isFinite)) {
    refuse("No probability is defined for this row: a number is too large to compute with.");
    return;
  }
  say();
  answer.hidden = false;
  show(content, label, probabilities);
}

function refuse(sentence) {
  answer.hidden = true;
  say(sentence);
}

function build() {
  document.getElementById("fields").append(...fields.map((field) => field.box));
  document.getElementById("rule").textContent = ruleOf(content);
  const examples = document.getElementById("example");
  content.examples.forEach((_, place) => {
    examples.append(element("option", { value: String(place), textContent: `row ${place + 1}` }));
  });
  examples.addEventListener("change", () => {
    if (examples.value !== "") fill(content.examples[Number(examples.value)]);
  });
  const form = document.getElementById("form");
  form.addEventListener("input", (event) => {
    if (event.target !== examples) examples.value = "";
    update();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { narrow(fields, ""); update(); }));
  findIn(fields);
  examples.value = "0";
  fill(content.examples[0]);
}

function fill(record) {
  fields.forEach((field) => field.set(record[field.column.name] ?? null));
  update();
}

async function start() {
  build();
  try {
    ask = await load();
  } catch (error) {
    explain(error);
    return;
  }
  await update();
}

function explain(error) {
  if (location.protocol === "file:") {
    say("Browsers load no model from a file. In this folder, start ",
      code("python -m http.server"), " and open ", code("http://localhost:8000/"), ".");
  } else if (error instanceof Absent) {
    say("What runs the model is not beside this page, or not whole. Add it: ",
      code("npm install onnxruntime-web"), ", then copy ", code("ort.wasm.min.mjs"),
      ", ", code("ort-wasm-simd-threaded.mjs"), " and ", code("ort-wasm-simd-threaded.wasm"), " from ",
      code("node_modules/onnxruntime-web/dist"), " into the folder ", code("ort"),
      " beside this page, and load the page anew.");
  } else {
    say(`The model cannot be loaded: ${error.message}`);
  }
}

start();
