"""Check of a folder of call flows, as a whole.

Nothing is used unless all of it is valid.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.actions import Action
from ivr.endless_loops import silent_circles
from ivr.findings import Finding, FlowsInvalid, Severity
from ivr.flow_file import FlowFile, read_flow
from ivr.grammar import AskStep, DoStep, Flow, GotoStep, QueueStep
from ivr.grammar_base import REPLAY, PromptUse, Step
from ivr.graph import reachable, ways
from ivr.prompts import LANGUAGES, PromptCatalogue, read_catalogue

OTHER_FILES = frozenset({"labels.yaml", "notices.yaml", "problems.yaml", "queues.yaml"})
"""YAML files of the folder that are no flows."""


@dataclass(frozen=True)
class Vocabulary:
    """Names outside the flows that a flow may use."""

    actions: Mapping[str, Action]
    queues: frozenset[str]
    variables: frozenset[str]
    """Those that the call brings along, such as `call.number`; what actions and steps set is known from themselves."""
    prompts: frozenset[str] = frozenset()
    """Prompts that are spoken or shown outside flows, such as a caller's place in a queue."""


@dataclass(frozen=True)
class Library:
    """Flows and prompts that belong together, and what was found in them."""

    flows: Mapping[str, Flow]
    catalogue: PromptCatalogue
    findings: list[Finding] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        """Check that there is no error; warnings are no obstacle."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


def check_library(folder: Path, vocabulary: Vocabulary, is_known: Callable[[Path], bool] = lambda _: False) -> Library:
    """Read and check the flows and prompts of a folder.

    It never raises for the content of `*.yaml`, `prompts/` and `recorded/`. `is_known` is that of `read_catalogue`.
    """
    files = [read_flow(path) for path in sorted(folder.glob("*.yaml")) if path.name not in OTHER_FILES]
    catalogue, findings = read_catalogue(folder, is_known)
    checker = _Checker(files, catalogue, vocabulary)
    found = {*findings, *(finding for file in files for finding in file.findings), *checker.findings()}
    found.update(
        Finding(f"prompts/{language}.yaml", 1, Severity.ERROR, f"the service speaks {name}, which is not here")
        for name in vocabulary.prompts
        for language in LANGUAGES
        if not catalogue.has(name, language)
    )
    if not files:
        found.add(Finding(folder.name, 1, Severity.ERROR, "there is no flow in this folder"))
    return Library(checker.flows, catalogue, sorted(found))


def load_library(folder: Path, vocabulary: Vocabulary, is_known: Callable[[Path], bool] = lambda _: False) -> Library:
    """The flows and prompts of a folder, for use.

    Raises:
        FlowsInvalid: something is wrong anywhere in it.
    """
    library = check_library(folder, vocabulary, is_known)
    if not library.valid:
        raise FlowsInvalid([finding for finding in library.findings if finding.severity is Severity.ERROR])
    return library


class _Checker:
    """One check of one folder."""

    def __init__(self, files: Iterable[FlowFile], catalogue: PromptCatalogue, vocabulary: Vocabulary) -> None:
        self._files = [file for file in files if file.flow is not None]
        self._unread = any(file.flow is None for file in files)
        self._catalogue = catalogue
        self._vocabulary = vocabulary
        self.flows: dict[str, Flow] = {}
        for file in self._files:
            self.flows.setdefault(_flow(file).name, _flow(file))
        self._known = self._known_variables()

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong with flows that could be read."""
        for file in self._files:
            flow = _flow(file)
            if self.flows[flow.name] is not flow:
                yield _finding(file, "", f"a flow named {flow.name} is in another file too")
            yield from self._flow(file, flow)
            for name, step in flow.steps.items():
                yield from self._targets(file, name, step)
                yield from self._names(file, name, step)
                yield from self._prompts(file, name, step)
                yield from self._variables(file, name, step)
        for flow_name, step_name in silent_circles(self.flows):
            file = next(file for file in self._files if _flow(file).name == flow_name)
            yield _finding(file, step_name, f"step {step_name}: a caller who presses nothing goes round here for ever")

    def _known_variables(self) -> frozenset[str]:
        known = set(self._vocabulary.variables)
        for file in self._files:
            for step in _flow(file).steps.values():
                known |= step.writes
                if isinstance(step, DoStep) and step.do in self._vocabulary.actions:
                    known |= self._vocabulary.actions[step.do].sets
        return frozenset(known)

    def _flow(self, file: FlowFile, flow: Flow) -> Iterator[Finding]:
        for key, name in (("start", flow.start), ("fallback", flow.fallback)):
            if name is not None and name not in flow.steps:
                yield _finding(file, "", f"{key}: there is no step {name}", line=file.lines.head.get(key, 1))
        if flow.fallback is None:
            yield _finding(
                file,
                "",
                "there is no fallback: a call whose step disappears by a change of the flow would be hung up",
                Severity.WARNING,
            )
        if flow.start in flow.steps:
            for name in flow.steps.keys() - reachable(flow):
                yield _finding(file, name, f"step {name}: no way leads here")

    def _targets(self, file: FlowFile, name: str, step: Step) -> Iterator[Finding]:
        if name == REPLAY:
            yield _finding(file, name, f"step {name}: this name is taken: as a target it asks the same step again")
        for way in ways(step):
            if way.target not in _flow(file).steps:
                hint = ", which only a key can lead to" if way.target == REPLAY else ""
                yield _finding(file, name, f"step {name}: there is no step {way.target}{hint}", path=way.path)

    def _names(self, file: FlowFile, name: str, step: Step) -> Iterator[Finding]:
        if isinstance(step, GotoStep) and step.goto not in self.flows and not self._unread:
            yield _finding(file, name, f"step {name}: there is no flow {step.goto}", path=("goto",))
        if isinstance(step, QueueStep):
            if step.queue not in self._vocabulary.queues:
                yield _finding(file, name, f"step {name}: there is no queue {step.queue}", path=("queue",))
            if step.otherwise is None:
                message = "without otherwise, a closed or full queue ends the call"
                yield _finding(file, name, f"step {name}: {message}", Severity.WARNING)
        if isinstance(step, DoStep):
            yield from self._action(file, name, step)

    def _action(self, file: FlowFile, name: str, step: DoStep) -> Iterator[Finding]:
        action = self._vocabulary.actions.get(step.do)
        if action is None:
            yield _finding(file, name, f"step {name}: there is no action {step.do}", path=("do",))
            return
        for argument in sorted(step.arguments.keys() - action.arguments):
            message = f"step {name}: the action {step.do} takes no {argument}"
            yield _finding(file, name, message, path=("with", argument))
        for argument in sorted(action.arguments - step.arguments.keys()):
            yield _finding(file, name, f"step {name}: the action {step.do} needs {argument}", path=("do",))

    def _prompts(self, file: FlowFile, name: str, step: Step) -> Iterator[Finding]:
        for use in step.prompts:
            for prompt in use.names:
                for language in _languages(use, _flow(file)):
                    yield from self._prompt(file, name, prompt, language)

    def _prompt(self, file: FlowFile, name: str, prompt: str, language: str) -> Iterator[Finding]:
        if not any(self._catalogue.has(prompt, other) for other in self._catalogue.texts):
            yield _finding(file, name, f"step {name}: there is no prompt {prompt}")
            return
        if not self._catalogue.has(prompt, language):
            yield _finding(file, name, f"step {name}: the prompt {prompt} has no text in {language}")
            return
        text = self._catalogue.texts.get(language, {}).get(prompt)
        if text is None:
            return
        for variable, _ in text.fields:
            if variable not in self._known:
                message = f"prompt {prompt}: nothing sets the variable {variable}"
                yield Finding(text.file, text.line, Severity.ERROR, message)
        if text.fields and self._catalogue.is_recorded(prompt, language):
            message = f"prompt {prompt}: its recorded file wins, and says nothing of {text.fields[0][0]}"
            yield Finding(text.file, text.line, Severity.WARNING, message)

    def _variables(self, file: FlowFile, name: str, step: Step) -> Iterator[Finding]:
        for variable in sorted(step.reads - self._known):
            yield _finding(file, name, f"step {name}: nothing sets the variable {variable}")
        if isinstance(step, AskStep) and step.confirm is not None and step.save is not None:
            for language in _flow(file).languages:
                text = self._catalogue.texts.get(language, {}).get(step.confirm)
                if text is not None and step.save not in {variable for variable, _ in text.fields}:
                    message = f"prompt {step.confirm}: it is to read back {step.save}, and does not say it"
                    yield Finding(text.file, text.line, Severity.ERROR, message)


def _languages(use: PromptUse, flow: Flow) -> tuple[str, ...]:
    """The languages in which a prompt may be spoken."""
    if use.language is not None:
        return (use.language,)
    return (use.only,) if use.only is not None else flow.languages


def _flow(file: FlowFile) -> Flow:
    assert file.flow is not None, "only files that could be read are checked"
    return file.flow


def _finding(
    file: FlowFile,
    step: str,
    message: str,
    severity: Severity = Severity.ERROR,
    *,
    path: tuple[str | int, ...] = (),
    line: int | None = None,
) -> Finding:
    where = line if line is not None else file.lines.of(step, *path) if step else 1
    return Finding(file.path.name, where, severity, message)
