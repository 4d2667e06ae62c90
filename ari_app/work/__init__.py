"""An agent's work beside calls: pauses, dispositions, figures, callbacks."""
