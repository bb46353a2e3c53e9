// Line charts as SVG in the layout of the dashboard's panels: the results of its queries, for readers without Grafana.

const CELL = { width: 45, height: 26 };
const PAD = { left: 46, right: 10, top: 26, bottom: 34 };
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#ff7f0e', '#9467bd', '#17becf', '#8c564b', '#e377c2'];
const SCALES = { s: [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs']], bytes: [[1 << 20, 'MiB'], [1, 'B']] };
const TICKS = 3;
const LEGEND_CHARS = 34;

/** An SVG of `charts`, `{ title, unit, grid: { x, y, w, h }, series: [{ name, values: [[time, value]] }] }`, from `start` to `end`. */
export function drawing(charts, { start, end }) {
  const rows = [...new Set(charts.map(({ grid }) => grid.y))].toSorted((a, b) => a - b);
  const heights = rows.map((y) => Math.max(...charts.filter(({ grid }) => grid.y === y).map(({ grid }) => grid.h)) * CELL.height);
  const topOf = (y) => heights.slice(0, rows.indexOf(y)).reduce((sum, height) => sum + height, 0);
  const panels = charts.map((chart) => {
    const box = { x: chart.grid.x * CELL.width, y: topOf(chart.grid.y), width: chart.grid.w * CELL.width, height: chart.grid.h * CELL.height };
    return panel(chart, box, { start, end });
  });
  const size = { width: 24 * CELL.width, height: heights.reduce((sum, height) => sum + height, 0) };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="10">`,
    `<rect width="${size.width}" height="${size.height}" fill="#ffffff"/>`,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function panel({ title, unit, series }, box, { start, end }) {
  const area = { x: PAD.left, y: PAD.top, width: box.width - PAD.left - PAD.right, height: box.height - PAD.top - PAD.bottom };
  const shown = series.map((one) => ({ ...one, values: one.values.filter(([, value]) => Number.isFinite(value)) })).filter(({ values }) => values.length > 0);
  const highest = Math.max(0, ...shown.flatMap(({ values }) => values.map(([, value]) => value)));
  const most = (highest || 1) * 1.05;
  const [scale, suffix] = (SCALES[unit] ?? [[1, unit === 'reqps' || unit === 'ops' ? '/s' : '']]).find(([size]) => most >= size) ?? [1, ''];
  const across = (time) => (area.x + ((time - start) / (end - start)) * area.width).toFixed(1);
  const up = (value) => (area.y + area.height - (value / most) * area.height).toFixed(1);
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => (most * index) / TICKS);
  const legend = shown.map(({ name }, index) => `<tspan fill="${COLOURS[index % COLOURS.length]}">■ </tspan>${escaped((name || 'value').slice(0, LEGEND_CHARS))}`);
  return [
    `<g transform="translate(${box.x} ${box.y})">`,
    `<rect x="3" y="3" width="${box.width - 6}" height="${box.height - 6}" rx="3" fill="#fafafa" stroke="#d9d9d9"/>`,
    `<text x="12" y="18" font-size="12" font-weight="bold" fill="#222">${escaped(title)}</text>`,
    ...ticks.map((value) => `<path d="M${area.x} ${up(value)}h${area.width}" stroke="#e5e5e5"/><text x="${area.x - 5}" y="${Number(up(value)) + 3}" text-anchor="end" fill="#666">${Number((value / scale).toPrecision(2))}${suffix}</text>`),
    ...shown.map(({ values }, index) => `<polyline fill="none" stroke-width="1.3" stroke="${COLOURS[index % COLOURS.length]}" points="${values.map(([time, value]) => `${across(time)},${up(value)}`).join(' ')}"/>`),
    ...rowsOf(legend, box.width).map((line, index) => `<text x="12" y="${box.height - 18 + index * 11}" font-size="9" fill="#444">${line.join('  ')}</text>`),
    '</g>',
  ].join('\n');
}

/** The legend, at most two lines. Entries that do not fit are counted. */
function rowsOf(entries, width) {
  const each = Math.max(1, Math.floor(width / 130));
  const rest = entries.length - 2 * each;
  const kept = rest > 0 ? [...entries.slice(0, 2 * each - 1), `and ${rest + 1} more`] : entries;
  return [kept.slice(0, each), kept.slice(each)].filter((line) => line.length > 0);
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`);
}
