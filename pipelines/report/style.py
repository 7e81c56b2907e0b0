"""The report's style sheet. It stands in code so that a change of it is a change of the code."""

from __future__ import annotations

__all__ = ["CSS"]

CSS = """
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --ink: #1c2127; --soft: #555e6a; --line: #d9dde3;
  --good: #00664a; --good-card: #e3f4ed; --hold: #8a4300; --hold-card: #fdf0e2;
  --accent: #005f96; --row: #eaf3fa; --blue: #0072b2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #111418; --card: #1a1e24; --ink: #e6e9ed; --soft: #a5aeb9; --line: #353c46;
    --good: #5fd3aa; --good-card: #12312a; --hold: #ffb870; --hold-card: #38270f;
    --accent: #6fbdf0; --row: #1b2e3d; --blue: #45a5e0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", Arial, sans-serif;
}
main { max-width: 78rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.7rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
h1 small { font-size: 1rem; font-weight: normal; color: var(--soft); }
h2 { font-size: 1.2rem; margin: 0 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { margin: .4rem 0; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 1rem 1.2rem; margin-bottom: 1rem;
}
.decision { border-left: 6px solid var(--hold); background: var(--hold-card); }
.decision.promoted { border-left-color: var(--good); background: var(--good-card); }
.decision h2 { color: var(--hold); }
.decision.promoted h2 { color: var(--good); }
.verdict { font-size: 1.1rem; }
.warning { border-left: 4px solid var(--hold); padding-left: .6rem; }
.facts { display: flex; flex-wrap: wrap; gap: .6rem 2rem; margin: .8rem 0 0; }
.facts div { min-width: 8rem; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
.facts dd small { display: block; font-size: .8rem; font-weight: normal; color: var(--soft); }
.wide { overflow-x: auto; }
.figures + .wide, p + .wide { margin-top: .8rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
caption { text-align: left; color: var(--soft); font-size: .85rem; padding-bottom: .3rem; }
caption span {
  display: block; position: sticky; left: 0; max-width: calc(100vw - 4.6rem);
}
th, td { text-align: left; padding: .35rem .45rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; vertical-align: bottom; }
tbody th, td { vertical-align: top; overflow-wrap: break-word; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td small, th small { display: block; color: var(--soft); font-weight: normal; font-size: .88em; }
td.long { overflow-wrap: anywhere; min-width: 7rem; }
tr.winner { background: var(--row); }
tr.winner > th { box-shadow: inset 4px 0 var(--accent); }
tr.failed td, tr.flagged strong { color: var(--hold); }
td.least { font-weight: 700; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2%; align-items: flex-start; }
figure { margin: 0; flex: 0 0 49%; min-width: min(100%, 26rem); }
.three figure { flex-basis: 32%; min-width: min(100%, 20rem); }
figure.big { flex-basis: 100%; max-width: 52rem; }
figure svg { width: 100%; height: auto; display: block; color: var(--ink); }
figure svg text { font-family: inherit !important; }
details { margin: .4rem 0; }
summary { cursor: pointer; color: var(--accent); }
figcaption { color: var(--soft); font-size: .85rem; margin-top: .2rem; }
ul { margin: .4rem 0; padding-left: 1.2rem; }
@media print {
  @page { size: A4; margin: 12mm; }
  :root {
    color-scheme: light;
    --page: #ffffff; --card: #ffffff; --ink: #1c2127; --soft: #555e6a; --line: #c4c9d1;
    --good: #00664a; --good-card: #ffffff; --hold: #8a4300; --hold-card: #ffffff;
    --accent: #005f96; --row: #eef3f7; --blue: #0072b2;
  }
  html { font-size: 9.5pt; }
  body { font-size: 9.5pt; }
  main { max-width: none; padding: 0; }
  section { padding: .5rem .7rem; }
  .wide { overflow: visible; }
  caption span { max-width: none; }
  td.long { min-width: 0; }
  table { font-size: 7pt; }
  th, td { padding: .15rem .25rem; }
  figure, .three figure { min-width: 0; }
  figure, tr, .facts { break-inside: avoid; }
  details { display: none; }
  h2, h3, caption, thead { break-after: avoid; }
}
""".strip()
