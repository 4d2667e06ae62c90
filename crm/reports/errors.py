"""Refusals about reports."""

from foundation.problems import FieldProblem, Invalid


class TooManyLines(Invalid):
    """Report with more lines than one response holds."""

    slug = "report-too-long"
    title = "The report has too many lines"

    def __init__(self, most: int) -> None:
        rule = FieldProblem(field="until", rule="must be nearer: the report has too many lines")
        super().__init__(f"The report has more than {most} lines.", [rule])
