"""Templates for tests, written in one line."""

from gateway.render.template import Template, compile_template, read

BODY_LINE = 10
"""Line of the body in a file of `written` with one parameter."""


def written(body: str, **parameters: int) -> str:
    """The source of a requested sms template with that body and those parameters."""
    declared = "\n".join(f"{name} = {longest}" for name, longest in parameters.items())
    return f'+++\nkind = "requested"\naddressee = "any"\nchannel = "sms"\nnote = "a test"\n\n[parameters]\n{declared}\n+++\n{body}\n'


def template(body: str, **parameters: int) -> Template:
    return compile_template(read("sms/notice.test", written(body, **parameters)))
