import { thumbnails } from '../session';
import { Icon } from './icon';

/** A small picture as far as it is there; who shows it asks for it with `thumbnails.want` and renders on its pulse. */
export function Thumbnail({ path, alt = '' }: { path: string; alt?: string }) {
  const url = thumbnails.get(path);
  if (url) return <img src={url} alt={alt} draggable={false} decoding="async" />;
  return url === null ? <Icon name="broken" kind="broken" /> : <span class="bone tile-bone" />;
}
