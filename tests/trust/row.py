"""What a row of the tables is: one edit, who can make it, and the rule that must notice."""
import dataclasses
import typing

REPO = "repository"   # can edit every file of the tree, has no key
LEADS = "two leads"   # edit, and then both sign the threat model; the body and the producers do not
INSIDER = "insider"   # one producer, one lead, one of the board, or a holder of a key that must not count

PROOF = "TM004 TM008 TM013 TM014"
# What must not be the reason where the people concerned have signed: the row would then test something else.
OTHER_REASONS = {REPO: (), LEADS: ("TM001", "TM003", "TM021", "-"), INSIDER: ("TM001", "TM003", "TM021", "-")}


@dataclasses.dataclass
class Row:
    family: str
    name: str
    power: str
    edit: typing.Callable
    expect: str                 # rules, any of them; "-" for a refusal without a verdict
    text: str = ""              # what one of the findings says
    also: str = ""              # rules that may be there as well
    shared: bool = False        # tests the same in every system: such rows are shared out among them

    def expected(self):
        return self.expect.split()

    def forbidden(self):
        return [r for r in OTHER_REASONS[self.power] if r not in self.expected() + self.also.split()]


def shared_out(rows):
    for row in rows:
        row.shared = True
        yield row


def edits(*changes):
    """Several edits of the threat model's tree as one."""
    def apply(case):
        case.edit(lambda doc: [change(doc) for change in changes])
    return apply


def text(old, new, name="threatmodel.yaml"):
    return lambda case: case.replace(old, new, name)
