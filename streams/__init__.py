"""Events to a shared timeline: accept, link, derive."""
