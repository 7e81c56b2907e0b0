// The filter of a wide table's form, and what is odd in it wherever one has scrolled to.
const MANY = 30; // columns from which on they can be searched
const MOST_NAMED = 5;

// The fields whose column has all these words in its name, shown alone and counted.
function narrow(fields, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = fields.filter(({ column, box }) => {
    const name = column.name.toLowerCase();
    box.hidden = !wanted.every((word) => name.includes(word));
    return !box.hidden;
  });
  document.getElementById("found").textContent =
    wanted.length === 0 ? ""
    : found.length === 0 ? "No column has this in its name."
    : `${found.length} of ${fields.length} columns`;
}

function findIn(fields) {
  const filter = document.getElementById("filter");
  document.getElementById("finder").hidden = fields.length < MANY;
  filter.addEventListener("input", (event) => {
    event.stopPropagation(); // the row is what it was
    narrow(fields, filter.value);
  });
}

function tellOdd(fields) {
  const odd = fields.filter((field) => field.look()).map((field) => field.column.name);
  const left = odd.length - MOST_NAMED;
  const names = odd.slice(0, MOST_NAMED).join(", ");
  document.getElementById("odd").textContent =
    odd.length === 0 ? "" : `See the form: ${names}${left > 0 ? ` and ${left} more` : ""}.`;
}
