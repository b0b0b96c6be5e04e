/** Text that is there to be copied. */

/** Properties of {@link Copyable}. */
interface CopyableProps {
  /** Of the text, unique on its page. */
  readonly id: string;
  readonly text: string;
  /** What the text is, for its button and for screen readers. */
  readonly what: string;
  /** Shown above it. */
  readonly label?: string;
}

/** One line of text in a box, with a button that copies it where scripts run. */
export function Copyable({ id, text, what, label }: CopyableProps) {
  return (
    <div class="copyable">
      {label === undefined ? null : <p class="copyable-label">{label}</p>}
      <div class="copyable-box">
        {/* Focusable, so that a keyboard can scroll it. */}
        <pre tabindex={0} role="group" aria-label={what}>
          <code id={id}>{text}</code>
        </pre>
        <button type="button" class="copy needs-js" data-copy={id} aria-label={`Copy ${what}`}>
          Copy
        </button>
      </div>
    </div>
  );
}
