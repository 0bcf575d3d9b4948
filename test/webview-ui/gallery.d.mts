/** Builds webview-ui/gallery into a folder. */
export function buildGallery(folder: string): Promise<void>;
/** Serves such a folder on a free port of this machine. */
export function serveGallery(folder: string): Promise<{ address: string; close: () => void }>;
