"""What a hostile SAML response costs before it is refused: time and memory, beside a good one's of the same process.

Each arm is a process of its own, as a Lambda is; the document is made before the clock starts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.targets import Figure
from bench.worlds import ROOT

SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
LIMIT_MS, LIMIT_MB = 100, 20
ROUNDS = 5


def documents() -> dict[str, str]:
    """The form's field, by what is odd about it."""
    nested = "<a>" * 20_000 + "</a>" * 20_000
    transforms = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>' * 1_000
    signature = (
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:Reference URI="#x">'
        f"<ds:Transforms>{transforms}</ds:Transforms></ds:Reference></ds:SignedInfo></ds:Signature>"
    )
    laughs = "<!DOCTYPE l [" + "".join(f'<!ENTITY l{n} "&l{n - 1};&l{n - 1};">' for n in range(1, 40)) + "]>"
    attributes = "<a " + " ".join(f'b{n}="c"' for n in range(10_000)) + "/>"
    inside = {
        "nested": nested,
        "attributes": attributes,
        "1,000 transforms": signature,
        "30,000 elements": "<a/>" * 30_000,
        "6 MB": "x" * 4_500_000,
    }
    found = {name: f'<samlp:Response xmlns:samlp="{SAMLP}">{one}</samlp:Response>' for name, one in inside.items()}
    found["a billion laughs"] = laughs + f'<samlp:Response xmlns:samlp="{SAMLP}">&l39;</samlp:Response>'
    return {name: b64encode(text.encode()).decode() for name, text in found.items()}


def refuse(file: str) -> dict[str, float]:
    """In this process: milliseconds to the refusal, and by how many MB the peak of memory grew."""
    sys.path.insert(0, str(ROOT / "functions" / "sso_callback"))
    import preparse

    from roster.signon import SignOnRefused

    encoded = Path(file).read_text()
    small = b64encode(f'<samlp:Response xmlns:samlp="{SAMLP}"/>'.encode()).decode()
    preparse.parsed(small, allow_sha1=False)  # warm, as a container is
    before, began = _peak(), perf_counter()
    try:
        preparse.parsed(encoded, allow_sha1=False)
    except SignOnRefused:
        pass
    else:
        raise RuntimeError(f"{file} was taken")
    return {"ms": (perf_counter() - began) * 1000, "mb": _peak() - before}


def _peak() -> float:
    """Of this program's own memory: what getrusage tells began with the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def figures() -> list[Figure]:
    """The slowest and the largest of them."""
    ran: dict[str, list[dict[str, float]]] = {}
    with TemporaryDirectory() as folder:
        for n, (name, encoded) in enumerate(documents().items()):
            file = Path(folder) / str(n)
            file.write_text(encoded)
            ran[name] = [_apart(str(file)) for _ in range(ROUNDS)]
    slowest = max(ran, key=lambda name: sorted(one["ms"] for one in ran[name])[ROUNDS // 2])
    largest = max(ran, key=lambda name: max(one["mb"] for one in ran[name]))
    return [
        Figure("a hostile SAML response, to its refusal", tuple(one["ms"] for one in ran[slowest]), unit="ms",
               limit=LIMIT_MS, note=f"the slowest of {len(ran)}: {slowest}"),
        Figure("memory that one takes beyond what was there", tuple(one["mb"] for one in ran[largest]), unit="MB",
               limit=LIMIT_MB, note=f"the largest: {largest}"),
    ]  # fmt: skip


def _apart(file: str) -> dict[str, float]:
    program = f"from bench.hostile import refuse; import json; print(json.dumps(refuse({file!r})))"
    path = [str(ROOT), str(ROOT / "layers" / "roster" / "python")]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}; {program}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told
