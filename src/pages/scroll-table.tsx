/** A table that scrolls by itself where the window is too narrow for it. */

import type { Child } from "hono/jsx";

/** Properties of {@link ScrollTable}. */
interface ScrollTableProps {
  /** Id of its heading. */
  readonly labelledBy: string;
  readonly children: Child;
}

/** The table's frame. Focusable, so that a keyboard can scroll it. */
export function ScrollTable({ labelledBy, children }: ScrollTableProps) {
  return (
    <div class="scroll" role="group" aria-labelledby={labelledBy} tabindex={0}>
      <table>{children}</table>
    </div>
  );
}
