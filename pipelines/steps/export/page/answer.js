// The answer: label and probabilities of a row, drawn as bars.
const MOST_BARS = 20;

function percent(p) {
  const text = (100 * p).toFixed(2);
  return p > 0 && text === "0.00" ? "under 0.01 %" : `${text} %`;
}

function nameOf(content, label) {
  return content.label === "class" ? String(label) : content.classes[Number(label)];
}

function ruleOf(content) {
  if (content.threshold !== null) {
    return `${content.classes[1]} from a probability of ${percent(content.threshold)} on.`;
  }
  return `The label is ${content.rule}.`;
}

function bar(content, place, p, chosen) {
  const name = content.classes[place];
  const told = [
    element("span", { textContent: name }),
    element("span", { textContent: percent(p), title: String(p) }),
  ];
  const fill = element("div", { className: "fill" });
  fill.style.width = `${100 * p}%`;
  const track = element("div", { className: "track" }, [fill]);
  track.setAttribute("aria-hidden", "true");
  if (content.threshold !== null && place === 1) {
    const mark = element("div", { className: "mark", title: "threshold" });
    mark.style.left = `${100 * content.threshold}%`;
    track.append(mark);
  }
  const row = element("div", { className: "row" }, told);
  return element("li", { className: name === chosen ? "chosen" : "" }, [row, track]);
}

function show(content, label, probabilities) {
  const chosen = nameOf(content, label);
  const pairs = probabilities.map((p, place) => [place, p]);
  if (pairs.length > MOST_BARS) pairs.sort((a, b) => b[1] - a[1]);
  const bars = pairs.slice(0, MOST_BARS).map(([place, p]) => bar(content, place, p, chosen));
  const left = pairs.length - bars.length;
  document.getElementById("label").textContent = chosen;
  document.getElementById("bars").replaceChildren(...bars);
  document.getElementById("more").textContent =
    left > 0 ? `${left} classes more, each less probable than these.` : "";
}
