/** A part of a page that is not there, while the rest is fine. */

/** Properties of {@link SectionNote}. */
interface SectionNoteProps {
  readonly title: string;
  readonly text: string;
  /** Whether something is wrong, rather than late. */
  readonly isProblem?: boolean;
}

/** The section, with what was found in its place. */
export function SectionNote({ title, text, isProblem = false }: SectionNoteProps) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <p class={isProblem ? "note warn" : "dim"}>{text}</p>
    </section>
  );
}
