/** What the page does in a browser: marks what belongs together, and finds text. */
export const CLIENT = `
'use strict';
const columns = [...document.querySelectorAll('.column')];
const told = document.getElementById('told');
let marked = [];

// Marks a line of the script everywhere, and brings it into sight in all columns but the one that was clicked.
function mark(line, from) {
  for (const each of marked) each.classList.remove('on');
  marked = [...document.querySelectorAll('[data-l="' + line + '"]')];
  for (const each of marked) each.classList.add('on');
  for (const column of columns) {
    const first = marked.find((each) => column.contains(each));
    const lines = column.querySelector('.lines');
    if (first && column !== from) lines.scrollTop = first.offsetTop - lines.clientHeight / 3;
  }
  const counts = columns
    .map((column) => [column.dataset.title, marked.filter((each) => column.contains(each)).length])
    .filter(([, count]) => count > 0);
  told.textContent = counts.map(([title, count]) => title + ': ' + count).join(' \\u00b7 ');
  history.replaceState(null, '', '#L' + line);
}

document.addEventListener('click', (event) => {
  const line = event.target.closest('[data-l]');
  if (line) mark(line.dataset.l, line.closest('.column'));
});

// Arrow keys go through the script.
document.addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target.id === 'find') return;
  const lines = [...columns[0].querySelectorAll('[data-l]')];
  const at = lines.findIndex((each) => each.classList.contains('on'));
  const next = lines[at + step];
  if (next) mark(next.dataset.l);
  event.preventDefault();
});

for (const box of document.querySelectorAll('header input[type=checkbox]')) {
  const column = columns[Number(box.value)];
  box.addEventListener('change', () => { column.hidden = !box.checked; });
}

// Enter goes to the next line that has the text.
const find = document.getElementById('find');
let hits = [];
let hit = -1;
find.addEventListener('input', () => {
  for (const each of hits) each.classList.remove('hit');
  const wanted = find.value.toLowerCase();
  hits = wanted === '' ? [] : [...document.querySelectorAll('.lines > div')]
    .filter((each) => each.textContent.toLowerCase().includes(wanted));
  for (const each of hits) each.classList.add('hit');
  hit = -1;
  told.textContent = wanted === '' ? '' : hits.length + ' lines';
});
find.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || hits.length === 0) return;
  hit = (hit + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
  hits[hit].scrollIntoView({ block: 'center' });
  told.textContent = (hit + 1) + ' of ' + hits.length + ' lines';
});

const place = /^#L(\\d+)$/.exec(location.hash);
if (place) mark(place[1]);
`;
