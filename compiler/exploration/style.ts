/** How the page looks; colours follow the reader's system. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --on: #ffd54f66; --soft: #888; }
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .4em 1.2em; align-items: center; padding: .6em 1em; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.1em; margin: 0; }
header label { user-select: none; }
#find { flex: 1; min-width: 10em; max-width: 24em; font: inherit; padding: .2em .5em; }
#told { color: var(--soft); }
main { display: flex; height: 76vh; overflow-x: auto; border-bottom: 1px solid var(--line); }
.column { flex: 1 0 22em; display: flex; flex-direction: column; border-right: 1px solid var(--line); min-width: 0; }
.column[hidden] { display: none; }
.column h2 { font-size: .9em; margin: 0; padding: .3em .7em; border-bottom: 1px solid var(--line); }
.lines { overflow: auto; flex: 1; font: 12px/1.5 ui-monospace, monospace; padding: .3em 0; position: relative; }
.lines > div { white-space: pre; tab-size: 2; padding: 0 .7em; border-left: 3px solid transparent; width: max-content; min-width: 100%; }
.lines > [data-l] { cursor: pointer; }
.lines > [style] { border-left-color: hsl(var(--hue) 60% 55% / .7); }
.lines > [data-l]:hover { background: #8882; }
.lines > .on { background: var(--on); }
.lines > .hit { outline: 1px solid #e91e63; }
.lines > .head { font-weight: 600; padding-top: .4em; }
.lines .n { display: inline-block; width: 3.2em; color: var(--soft); text-align: right; padding-right: .8em; }
.lines .c { display: inline-block; width: 4em; text-align: right; padding-right: .5em; margin-right: .7em; font-size: 11px;
  background: linear-gradient(to left, #e5393566 var(--share, 0%), transparent var(--share, 0%)); }
.lines > .m { color: #e53935; padding-left: 8.7em; }
.column:first-child { flex-grow: 1.5; }
#tables { padding: 0 1em 3em; }
#tables table { border-collapse: collapse; font-size: 13px; }
#tables th, #tables td { text-align: left; padding: .15em .8em .15em 0; border-bottom: 1px solid var(--line); vertical-align: top; }
#tables td { font-family: ui-monospace, monospace; font-size: 12px; max-width: 50em; overflow-wrap: anywhere; }
summary { font-weight: 600; margin: .8em 0 .3em; cursor: pointer; }
@media print { main { height: auto; } }
`;
