"""Into a bucket of an S3-compatible store."""

from datetime import datetime

from collector.export.delivery.parcel import Parcel
from collector.export_settings import S3Target
from collector.notify.taking import Unreachable
from collector.s3.bucket import Bucket, NotReached


class ObjectStore:
    """Raises ConfigError when its keys cannot be read."""

    def __init__(self, settings: S3Target) -> None:
        self._bucket = Bucket(settings.bucket)

    def take(self, parcel: Parcel, now: datetime) -> None:
        try:
            self._bucket.put_file(parcel.name, parcel.path)
        except NotReached as error:
            raise Unreachable(str(error)) from error
        except OSError as error:
            raise Unreachable(f"{parcel.name} cannot be read: {error.strerror}") from error
