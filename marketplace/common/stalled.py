"""Jobs that a worker had in hand when it died: it was killed, or its machine went away.

Workers beat every ten seconds; procrastinate calls the jobs of one that has been silent for thirty *stalled*, and leaves
to us what becomes of them. All our jobs are safe to repeat, so they are put back into the queue.
"""

from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from marketplace.common.logging import get_logger

# A job that has ended this many workers is not given to another one; it stays in the table as failed, to be looked at.
ATTEMPTS_MAX = 10

log = get_logger(__name__)


async def put_back_stalled_jobs(manager: JobManager) -> int:
    """Queue again what dead workers had begun. Safe to repeat. Tells how many jobs it was."""
    stalled = list(await manager.get_stalled_jobs())
    for job in stalled:
        await _put_back(manager, job)
    return len(stalled)


async def _put_back(manager: JobManager, job: Job) -> None:
    known = {"job_id": job.id, "task": job.task_name, "attempts": job.attempts}
    try:
        if job.attempts >= ATTEMPTS_MAX:
            await manager.finish_job(job, status=Status.FAILED, delete_job=False)
            log.error("stalled_job_given_up", **known)
        else:
            await manager.retry_job(job)
            log.warning("stalled_job_put_back", **known)
    except UniqueViolation:
        # The next one of its kind waits already, as with everything that runs by the clock: that one does the work.
        await manager.finish_job(job, status=Status.FAILED, delete_job=True)
        log.warning("stalled_job_replaced", **known)
    except ConnectorException:
        # "not in doing status": its worker was only slow and has finished it meanwhile. Anything else comes again in a
        # minute, when the next pass finds the job as it is now.
        log.warning("stalled_job_left", exc_info=True, **known)
