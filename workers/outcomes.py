"""What becomes of an intent: done, tried again, or parked for a person, by the class of the error."""

from __future__ import annotations

import logging
from uuid import UUID

from connector.errors import CorruptSecret, Disconnected, LostLease, MissingPermission, NeedsAdmin, RetryLater, Stopping
from connector.services import pipeline, usage
from connector.services.context import Services
from connector.services.job import Job
from connector.store.connections import Health
from connector.store.session import UNAVAILABLE
from connector.telemetry import logs

log = logging.getLogger("connector.work")

_LONGEST_PAUSE_SECONDS = 300.0
DATABASE_PAUSE_SECONDS = 5.0
DATABASE_AWAY = "The database was unavailable. Nothing is lost; this is tried again."


def take_turn(services: Services, intent_id: UUID) -> None:
    """Do the intent whose turn it is among those that wait for the same workers as ``intent_id``."""
    job = pipeline.claim_next(services, intent_id)
    if job is not None:
        _do(services, job)


def carry_out(services: Services, intent_id: UUID) -> None:
    """Claim and do an intent; wake the workers of whatever follows."""
    job = pipeline.claim(services, intent_id)
    if job is not None:
        _do(services, job)


def _do(services: Services, job: Job) -> None:
    about = logs.about(tenant=job.tenant_id, run=job.run.id, stage=job.intent.stage, subject=job.intent.subject)
    with about, usage.metered(services, job.tenant_id):
        _perform(services, job)


def _perform(services: Services, job: Job) -> None:
    log.info("stage %s of run %s begins", job.intent.stage, job.run.id)
    try:
        services.wake_all(pipeline.perform(job))
    except Stopping:
        log.info("stage %s of run %s is handed back: this worker is being stopped", job.intent.stage, job.run.id)
        pipeline.hand_back(job)
    except LostLease:
        log.info("stage %s of run %s went on elsewhere", job.intent.stage, job.run.id)
    except RetryLater as error:
        _retry(job, error.after_seconds, str(error))
    except Disconnected as error:
        _park(job, str(error), Health.DISCONNECTED)
    except MissingPermission as error:
        _park(job, str(error), Health.NEEDS_ADMIN)
    except (NeedsAdmin, CorruptSecret) as error:
        _park(job, str(error), Health.NEEDS_ADMIN)
    except UNAVAILABLE:
        _retry(job, DATABASE_PAUSE_SECONDS, DATABASE_AWAY)
    except Exception as error:  # noqa: BLE001 - the outermost boundary: an unexpected error is our bug and must not spin
        _bug(job, error)


def _retry(job: Job, after_seconds: float, message: str) -> None:
    pause = min(max(after_seconds, 2.0 ** min(job.intent.attempts, 8) / 4), max(after_seconds, _LONGEST_PAUSE_SECONDS))
    log.warning("stage %s of run %s is tried again in %.1f s: %s", job.intent.stage, job.run.id, pause, message)
    pipeline.put_back(job, pause, message)


def _park(job: Job, message: str, health: Health) -> None:
    log.error("stage %s of run %s of tenant %s waits for the admin", job.intent.stage, job.run.id, job.tenant_id)
    pipeline.park(job, message, health)


def places(error: Exception) -> str:
    """Return where an error came from: frames without values, since a message of a library may quote a payload."""
    where = error.__traceback__
    frames = []
    while where is not None:
        frames.append(f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}")
        where = where.tb_next
    return " > ".join(frames)


def _bug(job: Job, error: Exception) -> None:
    log.error(
        "stage %s of run %s failed with %s at %s",
        job.intent.stage,
        job.run.id,
        type(error).__name__,
        places(error),
    )
    message = f"An unexpected {type(error).__name__} stopped this stage. It is logged with run {job.run.id}."
    if job.intent.attempts >= pipeline.BUG_ATTEMPTS:
        pipeline.park(job, f"{message} Tell support, then resume the run.", None)
    else:
        pipeline.put_back(job, 2.0**job.intent.attempts, message)
