/** Served as one file; no other style reaches the pages. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f3f5f9; --ground-2: #e6ebf4; --card: #fff; --ink: #17202e; --soft: #55607a; --line: #d9dfea; --field: #8590a6;
  --accent: #2257c4; --accent-2: #1b479f; --tint: #eaf0fc; --on-accent: #fff; --warn: #a32a12; --warn-tint: #fdeeea; --good: #14693c;
  --good-tint: #e5f5ec; --mark: #4a3600; --mark-tint: #fff3cd; --shadow: 0 1px 2px rgb(23 32 46 / .06), 0 12px 32px rgb(23 32 46 / .10);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1218; --ground-2: #141b26; --card: #1a212c; --ink: #e9edf5; --soft: #a5b0c5; --line: #303a4b; --field: #77839b;
    --accent: #8ab2ff; --accent-2: #a9c6ff; --tint: #1f2c44; --on-accent: #0b1730; --warn: #ffa28c; --warn-tint: #3a201b; --good: #7fd8a6;
    --good-tint: #173326; --mark: #ffe6a0; --mark-tint: #352c10; --shadow: 0 1px 2px rgb(0 0 0 / .4), 0 12px 32px rgb(0 0 0 / .35);
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; background: var(--ground-2); }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center; padding: 0 1rem 2.5rem; background: linear-gradient(160deg, var(--ground), var(--ground-2)) fixed; color: var(--ink); font: 1rem/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.mark { align-self: stretch; margin: 0 -1rem; padding: .4375rem 1rem; text-align: center; font-size: .8125rem; background: var(--mark-tint); color: var(--mark); }
.card { width: 100%; max-width: 27.5rem; margin-top: clamp(1rem, 9vh, 6rem); padding: 2.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); overflow-wrap: anywhere; }
.brand { display: flex; align-items: center; gap: .5rem; margin: 0 0 1.5rem; font-size: .9375rem; font-weight: 600; color: var(--soft); }
.brand svg { width: 1.375rem; height: 1.375rem; flex: none; fill: var(--accent); }
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 .375rem; }
h2 { font-size: 1.0625rem; margin: 1.75rem 0 .5rem; }
p { margin: 0 0 .75rem; }
a { color: var(--accent); }
.soft { color: var(--soft); font-size: .9375rem; }
.who { display: inline-flex; max-width: 100%; gap: .5rem; align-items: center; margin: 0 0 1rem; padding: .25rem .75rem .25rem .25rem; border: 1px solid var(--line); border-radius: 2rem; font-size: .875rem; color: var(--soft); }
.who b { flex: none; display: grid; place-items: center; width: 1.75rem; height: 1.75rem; border-radius: 50%; background: var(--tint); color: var(--accent); font-size: .8125rem; }
form { margin: 0; }
details + form { margin-top: 1rem; }
label { display: block; font-weight: 600; font-size: .9375rem; margin: 1.25rem 0 .375rem; }
textarea, select, input[type=text], input[type=email], input[type=password] { display: block; width: 100%; min-height: 2.75rem; padding: .5625rem .75rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--field); border-radius: 8px; }
select { appearance: auto; background: var(--card); }
textarea { font: .875rem/1.5 ui-monospace, "Cascadia Mono", Menlo, monospace; resize: vertical; }
.check { display: flex; gap: .75rem; align-items: flex-start; margin: 1rem 0; padding: .75rem; border: 1px solid var(--line); border-radius: 8px; font-weight: 500; }
.check input { width: 1.25rem; height: 1.25rem; margin: .125rem 0 0; accent-color: var(--accent); flex: none; }
.actions { display: flex; flex-flow: row-reverse wrap; justify-content: flex-start; gap: .75rem; margin-top: 1.5rem; }
button { font: inherit; font-size: .9375rem; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.375rem; border-radius: 8px; border: 1px solid var(--field); background: transparent; color: inherit; cursor: pointer; }
button:hover { background: var(--tint); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover { background: var(--accent-2); }
button.row { display: flex; gap: .75rem; align-items: center; width: 100%; text-align: left; font-weight: 500; margin-top: .5rem; padding: .625rem .75rem; border-color: var(--line); }
button.row b { flex: none; display: grid; place-items: center; width: 2.25rem; height: 2.25rem; border-radius: 50%; background: var(--tint); color: var(--accent); font-size: .875rem; }
button.row span { min-width: 0; }
button.row small { display: block; color: var(--soft); font-size: .8125rem; font-weight: 400; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.problem { margin: 1rem 0 0; padding: .625rem .75rem; border-radius: 8px; background: var(--warn-tint); color: var(--warn); font-weight: 600; font-size: .9375rem; }
details { border-top: 1px solid var(--line); }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { position: relative; min-height: 2.75rem; padding: .625rem 2rem .625rem .125rem; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::after { content: ""; position: absolute; right: .5rem; top: 1.125rem; width: .5rem; height: .5rem; border: solid var(--soft); border-width: 0 2px 2px 0; transform: rotate(45deg); }
details[open] > summary::after { transform: rotate(225deg); top: 1.375rem; }
details p { padding: 0 2rem .625rem .125rem; margin: 0; color: var(--soft); font-size: .9375rem; }
.demo { margin-top: 1.75rem; }
.demo summary { font-size: .9375rem; color: var(--soft); }
.demo form { padding-bottom: .25rem; }
.badge { display: inline-block; padding: .0625rem .5625rem; border-radius: 1rem; font-size: .8125rem; font-weight: 600; background: var(--tint); color: var(--accent); white-space: nowrap; }
.badge.good { background: var(--good-tint); color: var(--good); }
.badge.warn { background: var(--warn-tint); color: var(--warn); }
code, pre { font: .875rem/1.5 ui-monospace, "Cascadia Mono", Menlo, monospace; }
.code { margin: 1rem 0; padding: .75rem; border-radius: 8px; background: var(--tint); font-size: .875rem; }
.inside { width: 100%; max-width: 72rem; padding-top: 1.5rem; }
.inside > nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: center; margin-bottom: 1rem; }
.inside > nav .brand { margin: 0 auto 0 0; color: var(--ink); font-size: 1rem; text-decoration: none; }
.inside > nav a { display: inline-flex; align-items: center; min-height: 2.75rem; }
.inside section { margin-bottom: 1.25rem; padding: 1.25rem 1.5rem 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: 0 1px 2px rgb(23 32 46 / .05); }
.inside section > h2:first-child { margin-top: 0; }
.inside > h1 { margin-bottom: 1rem; }
code.soft { font-size: inherit; }
.details { font-size: .8125rem; overflow-wrap: anywhere; }
.more { margin: 1rem 0 0; font-size: .875rem; }
.inside h3 { font-size: .9375rem; margin: 1.25rem 0 .25rem; }
.search { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: end; }
.search > div { flex: 1 1 14rem; }
.search label { margin-top: 0; }
.tick { display: flex; align-items: center; gap: .5rem; min-height: 2.75rem; margin: 0; }
.tick input { width: 1.25rem; height: 1.25rem; margin: 0; accent-color: var(--accent); }
.query, .query:last-of-type { border: 0; }
.query summary { display: inline-block; min-height: 1.5rem; padding: .125rem 1.5rem .125rem 0; color: var(--soft); font-size: .8125rem; }
.query summary::after { top: .5rem; right: .375rem; width: .375rem; height: .375rem; }
.query[open] > summary::after { top: .75rem; }
.query p { padding: 0; overflow-wrap: anywhere; }
.query code { font-size: .8125rem; }
.token summary { display: flex; flex-wrap: wrap; gap: .25rem .625rem; align-items: center; overflow-wrap: anywhere; }
.token pre { margin-bottom: .625rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; margin: 0; }
.facts dt { color: var(--soft); font-size: .8125rem; }
.facts dd { margin: .125rem 0 0; font-weight: 600; overflow-wrap: anywhere; }
.levers { display: flex; flex-wrap: wrap; gap: .625rem; margin-top: 1.25rem; }
.levers button { padding-inline: 1rem; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th { color: var(--soft); font-weight: 600; font-size: .8125rem; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
td code { overflow-wrap: anywhere; }
@media (min-width: 64rem) { td:nth-child(2) { min-width: 17rem; } }
tr:last-child td { border-bottom: 0; }
pre { margin: .5rem 0 0; padding: .875rem; border-radius: 8px; background: var(--tint); overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  .card { padding: 1.5rem 1.25rem; margin-top: 1rem; }
  .actions { flex-direction: column; align-items: stretch; }
  .inside > nav .brand { flex-basis: 100%; }
  .inside section { padding: 1rem; }
  table, tbody, tr, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; }
  td { display: grid; grid-template-columns: 7rem 1fr; gap: .5rem; padding: .125rem 0; border: 0; }
  td::before { content: attr(data-label); color: var(--soft); }
  td > * { min-width: 0; overflow-wrap: anywhere; }
  td:has(> span:empty) { display: none; }
}
@media (forced-colors: active) { .card, .inside section, button { border-color: CanvasText; } }
@media print { .mark, .levers, nav { display: none; } }
`
