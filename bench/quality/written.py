"""A history as the NDJSON that `tixing quality evaluate` reads."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from bench.quality.population import History
from gateway.quality.evidence import RESPONSES
from gateway.quality.record import NONE

EPOCH = date(1970, 1, 1)


def lines(history: History) -> Iterator[str]:
    """One line an observation, by time."""
    source = history.source
    seen, codes, starts, address = source.seen, source.codes, source.starts, source.address
    for i in seen.at_s.argsort(kind="stable").tolist():
        pair, what = int(seen.pair[i]), int(seen.what[i])
        line = {"person": f"p{pair}", "address": f"a{address[pair]}", "at": datetime.fromtimestamp(int(seen.at_s[i]), UTC).isoformat()}
        if what >= 0:
            provider, evidence, vendor_code = codes[what]
            line |= {"evidence": evidence, "provider": provider, "vendor_code": vendor_code}
        elif what == NONE:
            given, _, verified = starts[int(seen.start[i])].partition("+")
            line |= {"evidence": "listed", "source": given}
            line |= {"verified_on": (EPOCH + timedelta(days=int(seen.verified_day[i]))).isoformat()} if verified else {}
        else:
            line["evidence"] = str(RESPONSES[NONE - 1 - what])
        yield json.dumps(line)
