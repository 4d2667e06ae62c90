"""Check of a folder of call flows, as a whole.

Nothing is used unless all of it is valid.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from foundation.findings import ConfigurationInvalid, Finding, errors_of, in_order
from ivr.flow_checks import FlowChecker, Vocabulary
from ivr.flow_file import read_flow
from ivr.grammar import Flow
from ivr.grammar_base import Title
from ivr.prompts import LANGUAGES, PromptCatalogue, read_catalogue
from ivr.recorded_files import FOLDER

OTHER_FILES = frozenset(
    {
        "desk.yaml",
        "labels.yaml",
        "notices.yaml",
        "numbers.yaml",
        "organisation.yaml",
        "outside.yaml",
        "problems.yaml",
        "queues.yaml",
    }
)
"""YAML files of the folder that are no flows."""
YAML_ENDINGS = frozenset({".yaml", ".yml"})


@dataclass(frozen=True)
class Library:
    """Flows and prompts that belong together, and what was found in them."""

    flows: Mapping[str, Flow]
    catalogue: PromptCatalogue
    findings: list[Finding] = field(default_factory=list)
    unread: bool = False
    """A flow could not be read: that another file names it is no fault."""

    @property
    def valid(self) -> bool:
        """Check that there is no error; warnings are no obstacle."""
        return not errors_of(self.findings)

    def title_of(self, place: str) -> Title | None:
        """Return the title of a flow, or of a step as `flow/step`.

        A step inside another has the title of the outer one.
        """
        name, _, step = place.partition("/")
        flow = self.flows.get(name)
        if flow is None or not step:
            return flow.title if flow is not None else None
        inner_first = (flow.steps.get(one) for one in (step, step.partition(".")[0]))
        return next((one.title for one in inner_first if one is not None and one.title is not None), None)


def check_library(
    folder: Path,
    vocabulary: Vocabulary,
    organisation: Mapping[str, str] | None = None,
    is_known: Callable[[Path], bool] = lambda _: False,
) -> Library:
    """Read and check the flows and prompts of a folder.

    It never raises for the content of `*.yaml`, `prompts/` and `recorded/`. `organisation` and `is_known` are those of
    `read_catalogue`.
    """
    files = [read_flow(path) for path in flow_paths(folder)]
    catalogue, findings = read_catalogue(folder, organisation, is_known)
    checker = FlowChecker(files, catalogue, vocabulary)
    found = [*findings, *(finding for file in files for finding in file.findings), *checker.findings()]
    found += [
        Finding(f"prompts/{language}.yaml", 1, "no-such-prompt", f"the service speaks {name}, which is not here")
        for name in vocabulary.prompts
        for language in LANGUAGES
        if not catalogue.has(name, language)
    ]
    found += _never_read(folder)
    if not files:
        found.append(Finding(folder.name, 1, "no-flow", "there is no flow in this folder"))
    return Library(checker.flows, catalogue, in_order(found), any(file.flow is None for file in files))


def load_library(folder: Path, vocabulary: Vocabulary) -> Library:
    """The flows and prompts of a folder, for use.

    Raises:
        ConfigurationInvalid: something is wrong anywhere in it.
    """
    library = check_library(folder, vocabulary)
    if not library.valid:
        raise ConfigurationInvalid(errors_of(library.findings))
    return library


def flow_paths(folder: Path) -> list[Path]:
    """Return the flow files of a folder."""
    return [path for path in sorted(folder.glob("*.yaml")) if path.name not in OTHER_FILES and not _hidden(path)]


def _never_read(folder: Path) -> Iterator[Finding]:
    """Find YAML files that the service would ignore."""
    read = {*folder.glob("*.yaml"), *(folder / "prompts" / f"{language}.yaml" for language in LANGUAGES)}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in YAML_ENDINGS or path in read or not path.is_file():
            continue
        place = path.relative_to(folder)
        if place.parts[0] != FOLDER and not any(part.startswith(".") for part in place.parts):
            message = f"this file is never read: flows end in .yaml and stand in {folder.name}/ itself"
            yield Finding(str(place), 1, "never-read", message)


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")
