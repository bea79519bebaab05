/** One page with all pictures, and the script beside them: it loads nothing, and runs nothing but its own code. */
import { createHash } from 'node:crypto';
import { escaped } from './escape.ts';
import { flameGraph, flameScript } from './flame.ts';
import type { FlameData } from './flame-layout.ts';
import type { Picture } from './pictures.ts';

export interface PageOptions {
  readonly title: string;
  /** The script's text. */
  readonly script?: string;
}

const STYLE = `body { font-family: system-ui, sans-serif; margin: 1.5em auto; max-width: 1240px; color: #222; }
svg { max-width: 100%; height: auto; border: 1px solid #ddd; margin: 0.5em 0; }
pre { background: #f6f8fa; border: 1px solid #ddd; padding: 1em; overflow: auto; }`;

export function page(pictures: readonly Picture[], { title, script }: PageOptions): string {
  const graphs: FlameData[] = [];
  const shown = pictures.map((picture) => {
    if (picture.kind === 'chart') return picture.svg;
    const { svg, data } = flameGraph(picture.tree, picture.options);
    graphs.push(data);
    return svg;
  });
  const code = graphs.length === 0 ? '' : `\n${flameScript(graphs)}\n`;
  const hash = createHash('sha256').update(code).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'${code === '' ? '' : `; script-src 'sha256-${hash}'`}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${shown.join('\n')}
${script === undefined ? '' : `<h2>Script</h2>\n<pre>${escaped(script)}</pre>\n`}${code === '' ? '' : `<script>${code}</script>\n`}</body>
</html>
`;
}
