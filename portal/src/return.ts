// A login at an identity provider ends at the first page, whatever page was asked for: this tab remembers that one.
import { go, place } from "./router";

const KEPT = "vallum.return";

export const keepPage = () => sessionStorage.setItem(KEPT, place.value.href);

/** Once, after a login, and only from the first page: who went elsewhere meanwhile stays there. */
export function returnToPage(): void {
  const to = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  if (to?.startsWith("/ui/") && place.value.path.length === 0) go(to, true);
}
