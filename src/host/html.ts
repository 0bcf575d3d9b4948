export interface PageParts {
  /** VS Code's source for the webview's own resources, as the CSP names it. */
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
  /** Fresh for every page. */
  readonly nonce: string;
  /** BCP 47. */
  readonly language: string;
}

/** The webview's page: our script, our style, pictures from memory; nothing inline, nothing from elsewhere. */
export function pageHtml({ cspSource, script, style, nonce, language }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `img-src ${cspSource} blob:`,
    `font-src ${cspSource}`,
    `style-src ${cspSource}`,
    `script-src 'nonce-${nonce}'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escapeHtml(style)}">
<title>Thaw</title>
</head>
<body>
<div id="root"></div>
<script nonce="${nonce}" src="${escapeHtml(script)}"></script>
</body>
</html>`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
