"""A batch in the worker is bounded: it must end long before TorchServe gives the worker up.

TorchServe makes one batch of up to 32 requests whatever is in them, 4,096 of the longest reviews.
The gateway never has that much on its way; who asks TorchServe directly is held to it here.
"""

from collections.abc import Iterator, Sequence

from contract.cost import LARGEST_REQUEST, request_cost
from contract.errors import ReviewError
from contract.request import Request


def bounded(requests: Sequence[Request | ReviewError]) -> Iterator[Request | ReviewError]:
    """Yield the requests of one batch; those beyond the work of one maximal request are refused."""
    room = LARGEST_REQUEST
    for index, request in enumerate(requests):
        cost = 0 if isinstance(request, ReviewError) else request_cost(request.reviews)
        if cost > room and index > 0:
            yield ReviewError(
                "queue_full",
                "Expected no more work than one largest request at a time, found more; "
                "try again in 1 s.",
            )
            continue
        room -= cost
        yield request
