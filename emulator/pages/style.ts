/** Served as one file; no other style reaches the pages. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #eef1f5; --card: #fff; --ink: #1b2330; --soft: #566072; --line: #c9d0da; --accent: #1f5fbf; --on-accent: #fff; --warn: #9a2c12; --mark: #fff4cf; --on-mark: #4d3a00; }
@media (prefers-color-scheme: dark) { :root { --ground: #11151b; --card: #1a2029; --ink: #e8ecf2; --soft: #a7b1c0; --line: #3a4453; --accent: #7fb0ff; --on-accent: #0b1a30; --warn: #ff9d85; --mark: #3a3110; --on-mark: #ffe9a8; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center; gap: 1.5rem; padding: 0 1rem 2rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.mark { align-self: stretch; margin: 0 -1rem; padding: .5rem 1rem; text-align: center; font-size: .875rem; background: var(--mark); color: var(--on-mark); }
.card { width: 100%; max-width: 27.5rem; margin-top: min(6vh, 4rem); padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-wrap: anywhere; }
.card.wide { max-width: 64rem; }
h1 { font-size: 1.375rem; line-height: 1.3; margin: 0 0 .75rem; }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: 0 0 .75rem; }
.soft { color: var(--soft); font-size: .9375rem; }
label { display: block; font-weight: 600; margin-bottom: .375rem; }
textarea, input[type=text], input[type=email], input[type=password] { width: 100%; padding: .625rem .75rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--soft); border-radius: 6px; }
.check { display: flex; gap: .625rem; align-items: flex-start; margin: 1rem 0; font-weight: 400; }
.check input { width: 1.25rem; height: 1.25rem; margin: .125rem 0 0; accent-color: var(--accent); flex: none; }
.actions { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: .75rem; margin-top: 1.5rem; }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.25rem; border-radius: 6px; border: 1px solid var(--line); background: transparent; color: inherit; cursor: pointer; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.row { display: block; width: 100%; text-align: left; font-weight: 400; margin-bottom: .5rem; padding: .625rem .875rem; }
button.row small { display: block; color: var(--soft); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.problem { color: var(--warn); font-weight: 600; }
details { border-top: 1px solid var(--line); }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { padding: .625rem .25rem; cursor: pointer; }
details p { padding: 0 .25rem .5rem 1.125rem; color: var(--soft); font-size: .9375rem; }
.badge { display: inline-block; padding: 0 .5rem; border: 1px solid currentColor; border-radius: 1rem; font-size: .8125rem; }
.demo { width: 100%; max-width: 27.5rem; }
code { font: .875rem ui-monospace, monospace; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { text-align: left; padding: .375rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
.scroll { overflow-x: auto; }
`
