export interface PageParts {
  /** VS Code's source for the webview's own resources, as the CSP names it. */
  readonly cspSource: string;
  /** The program and its style sheet. */
  readonly script: string;
  readonly style: string;
  /** Address of the script that draws charts. */
  readonly charts: string;
  /** Fresh for every page. */
  readonly nonce: string;
  /** BCP 47. */
  readonly language: string;
}

/**
 * The webview's page: our script, our style, pictures from memory, nothing from elsewhere. Script and style stand in it, by a
 * nonce: asked for one by one they would come through the window's own busy thread, and on a remote machine through the network.
 * Only what draws charts is asked for once there are any.
 */
export function pageHtml({ cspSource, script, style, charts, nonce, language }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `img-src ${cspSource} blob:`,
    `font-src ${cspSource}`,
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style nonce="${nonce}">${unended(style)}</style>
<title>Thaw</title>
</head>
<body>
<div id="root" data-charts="${escapeHtml(charts)}"></div>
<script nonce="${nonce}">${unended(script)}</script>
</body>
</html>`;
}

/** A script or style sheet that says the same without what would end it, or open a comment, for a reader of HTML. */
const unended = (text: string): string => text.replace(/<(?=\/script|\/style|!--)/gi, '<\\');

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
