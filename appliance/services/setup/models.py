"""Table of the set-up's steps: ids fixed beforehand, so that no step can be done twice."""

from __future__ import annotations

from typing import Any

import peewee

from appliance.store.fields import BaseModel, json_field


class SetupStepRow(BaseModel):
    """One step: the request as proposed and edited; its `id` field is fixed."""

    name = peewee.TextField(primary_key=True)
    position = peewee.IntegerField()
    resource_id = peewee.TextField()
    request: dict[str, Any] = json_field(dict[str, Any])
    edited = peewee.BooleanField()

    class Meta:
        table_name = "setup_step"
