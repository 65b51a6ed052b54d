// How an image and its state are shown, wherever they are.
import { segment } from "../api";
import type { Image } from "../types";
import { shortDigest } from "../text";
import { State, Time, imageTone } from "./basic";

export const imageHref = (digest: string) => `/ui/images/${segment(digest).replace(/%3A/g, ":")}`;

export function imageName(image: { repository: string; tags?: string[] | null; digest: string }): string {
  const tag = image.tags?.[0];
  return tag ? `${image.repository}:${tag}` : image.repository || shortDigest(image.digest);
}

export function ImageLink({ image }: { image: { repository: string; tags?: string[] | null; digest: string } }) {
  const more = (image.tags?.length ?? 0) - 1;
  return (
    <>
      <a href={imageHref(image.digest)}>{imageName(image)}</a>
      {more > 0 && <span class="muted small" title={image.tags!.slice(1).join(", ")}> and {more} more {more === 1 ? "tag" : "tags"}</span>}
      <p class="muted small">
        <code title={image.digest}>{shortDigest(image.digest)}</code>
      </p>
    </>
  );
}

export function ImageState({ image }: { image: Pick<Image, "state" | "stage" | "error" | "nextTry" | "assessed" | "whyNot"> }) {
  return (
    <>
      <State tone={imageTone(image.state)}>{image.state}</State>
      {image.stage && image.state === "Scan in progress" && <p class="muted small">{image.stage}</p>}
      {image.error && (
        <p class="small">
          {image.error}
          {image.nextTry && (
            <span class="muted">
              {" "}
              next try <Time at={image.nextTry} />
            </span>
          )}
        </p>
      )}
      {image.state === "Completed" && image.assessed && image.assessed !== "full" && (
        <p class="small muted">
          {image.assessed === "not" ? "not assessed" : "assessed in part"}
          {image.whyNot ? `: ${image.whyNot}` : ""}
        </p>
      )}
    </>
  );
}
