"""The schemas of Runflow's requests and responses. Nearly every field of the API is nullable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.common.moments import moment_schema
from emulator.common.schemas import (
    ANYTHING,
    COUNT,
    FLAG,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    Schema,
    list_of,
    or_null,
    record,
)
from emulator.runflow.paging import NAMES

if TYPE_CHECKING:
    from emulator.runflow.settings import RunflowSettings

STATUS_LIST = record(items=list_of(record(code=TEXT, is_terminal=FLAG)))
BALANCE = record(balance_cents={"type": "integer"}, currency=TEXT)
ME = record(id=TEXT, org_id=TEXT, key_id=TEXT, key_name=TEXT, role=TEXT, scopes=TEXTS)
HEALTH = record(status=TEXT)

FEEDBACK: Schema = {
    "type": "object",
    "required": ["is_positive"],
    "properties": {"is_positive": or_null(FLAG), "reason": or_null({**TEXT, "maxLength": 2000})},
    "additionalProperties": False,
}


def error(settings: RunflowSettings) -> Schema:
    problem = record(code=TEXT, message=TEXT, errors=or_null(list_of(record(loc=TEXTS, msg=TEXT))))
    return problem if settings.error_envelope == "flat" else record(error=problem)


def fields(*, texts: str = "", flags: str = "", counts: str = "", objects: str = "") -> dict[str, Schema]:
    """Schemas of fields by their type, the names of one type with blanks between them."""
    return {
        **{name: or_null(TEXT) for name in texts.split()},
        **{name: or_null(FLAG) for name in flags.split()},
        **{name: or_null(COUNT) for name in counts.split()},
        **{name: or_null(OBJECT) for name in objects.split()},
    }


def sparse(**properties: Schema) -> Schema:
    """An object any field of which may be missing, and which has no other."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


class Shapes:
    """Response schemas as the settings make them."""

    def __init__(self, settings: RunflowSettings) -> None:
        self._settings = settings
        self._time = or_null(moment_schema(settings.timestamps))
        self._cost = or_null(NUMBER if settings.cost_as == "number" else TEXT)

    def many(self, row: Schema) -> Schema:
        """A list in its envelope, with its cursors."""
        cursors = {name: or_null(TEXT) for name in NAMES[self._settings.cursor_names]}
        key = self._settings.list_envelope
        return {
            "type": "object",
            "required": [key],
            "properties": {key: list_of(row), **cursors},
            "additionalProperties": False,
        }

    def children(self, row: Schema) -> Schema:
        """A list of what belongs to one run."""
        return list_of(row) if self._settings.child_lists == "bare" else self.many(row)

    def _times(self, names: str) -> dict[str, Schema]:
        return dict.fromkeys(names.split(), self._time)

    def run(self) -> Schema:
        summary = record(passed=or_null(FLAG), status_code=or_null(TEXT), score=or_null(NUMBER))
        return sparse(
            **fields(
                texts=(
                    "id status_code target_type source_code flow_id model_id comfyui_workflow_id"
                    " target_version org_id resolved_template_id batch_id client_ref"
                    " jurisdiction_code flow_version_id request_id created_by callback_url"
                    " failure_code failure_stage failure_message feedback_reason"
                    " source_chat_message_id"
                ),
                flags="has_logs has_node_runs feedback_is_positive",
                counts="duration_ms nodes_total nodes_completed",
                objects="input output context cost_breakdown metadata links",
            ),
            cost=self._cost,
            **self._times("created_at started_at completed_at"),
            current_evaluation_summary=or_null(summary),
            node_runs=or_null(list_of(self.node_run())),
            logs=or_null(list_of(self.log_line())),
            flow=or_null(self.flow()),
            model=or_null(self.model()),
            comfyui_workflow=or_null(self.comfyui_workflow()),
        )

    def node_run(self) -> Schema:
        return sparse(
            **fields(
                texts=(
                    "id run_id node_id flow_id state_code input_signature preview_type"
                    " preview_value error_message"
                ),
                counts="duration_ms retry_count",
                objects="input output",
            ),
            cost=self._cost,
            **self._times("created_at started_at completed_at"),
        )

    def log_line(self) -> Schema:
        return sparse(
            **fields(
                texts="id run_id level_code message",
                objects="meta",
            ),
            run=ANYTHING,
            **self._times("timestamp"),
        )

    def evaluation(self) -> Schema:
        judge = record(
            id=TEXT,
            evaluation_id=TEXT,
            name=TEXT,
            description=TEXT,
            category=TEXT,
            passed=or_null(FLAG),
            confidence=NUMBER,
            weight=NUMBER,
            reasoning=TEXT,
            detected_issues=list_of(record(subcategory=TEXT, detail=TEXT)),
        )
        return sparse(
            **fields(
                texts=(
                    "id org_id run_id target_type_code model_id flow_id comfyui_workflow_id"
                    " task_type task_description generation_prompt generated_image_url"
                    " evaluation_instructions override_reason primary_action_code"
                    " parent_evaluation_id feedback_reason client_ref callback_url cost status_code"
                ),
                flags="overall_passed feedback_is_positive",
                counts="analysis_modules_executed attempt_number eval_duration_ms",
                objects="input_attributes check_summary links",
            ),
            weighted_pass_rate=or_null(NUMBER),
            reference_images=list_of(OBJECT),
            top_issues=TEXTS,
            top_strengths=TEXTS,
            hard_gate_failures=TEXTS,
            judges=list_of(judge),
            **self._times("superseded_at created_at updated_at submitted_at completed_at"),
        )

    def flow_summary(self, **nodes: Schema) -> Schema:
        return sparse(
            **fields(
                texts=(
                    "id slug name description cover_url org_id flow_type_code category_code"
                    " visibility_code source_visibility_code status_code current_version_id"
                    " avg_duration cost_per_run created_by"
                ),
                counts="version run_count",
                objects="context_variables",
            ),
            estimated_cost=self._cost,
            **self._times("featured_at created_at updated_at"),
            **nodes,
        )

    def flow(self) -> Schema:
        return self.flow_summary(nodes=list_of(record(id=TEXT, flow_id=TEXT, name=TEXT, slug=TEXT)))

    def _variables(self) -> Schema:
        return list_of(
            record(id=TEXT, name=TEXT, display_name=TEXT, variable_type_code=TEXT, sort_order=COUNT)
        )

    def model(self) -> Schema:
        price = record(
            id=TEXT,
            model_id=TEXT,
            pricing_model_code=TEXT,
            price=self._cost,
            currency_code=TEXT,
            unit_code=TEXT,
        )
        return sparse(
            **fields(
                texts=(
                    "id org_id model_creator_id slug name description version icon_url cover_url"
                    " category_code status_code family_id family_variant_code param_count"
                    " architecture license_code max_resolution paper_url github_url"
                    " availability_status content pricing_note created_by deleted_by"
                ),
                flags="is_public is_open_source lora_support fine_tuning supports_streaming is_official",
                objects="seo",
            ),
            notable_features=list_of(ANYTHING),
            inputs=self._variables(),
            outputs=self._variables(),
            examples=list_of(OBJECT),
            faq_entries=list_of(OBJECT),
            pricing=list_of(price),
            related_links=list_of(OBJECT),
            **self._times("created_at updated_at deleted_at"),
        )

    def comfyui_workflow(self) -> Schema:
        return sparse(
            **fields(
                texts=(
                    "id org_id slug name description version status_code created_by category_code"
                    " gpu_current_tier_code deleted_by"
                ),
                flags="is_public",
                objects="workflow_json environment models custom_nodes graph resources",
            ),
            inputs=self._variables(),
            outputs=self._variables(),
            gpu_explicit_models=list_of(OBJECT),
            **self._times("created_at updated_at deleted_at"),
        )

    def batch(self) -> Schema:
        return sparse(
            **fields(
                texts="id status_code failure_stage_code",
                counts="items_total items_succeeded items_failed items_cancelled",
            ),
            items=list_of(self.batch_item()),
            **self._times("created_at"),
        )

    def batch_item(self) -> Schema:
        return sparse(**fields(texts="id run_id status_code client_ref", counts="sequence_index"))
