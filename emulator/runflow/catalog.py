"""The made-up account: models, ComfyUI workflows and flows that make images and films, and who judges them.

The models are invented, so that no figure of the demo reads as a claim about a real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """What a run carries out: a price in USD, usual seconds, and `strength` from 0 to 1."""

    slug: str
    name: str
    category: str
    price: Decimal
    seconds: float
    strength: float
    makes: str = "image"


MODELS = (
    Step("gouache-xl", "Gouache XL", "text_to_image", Decimal("0.0120"), 6.0, 0.82),
    Step("gouache-turbo", "Gouache Turbo", "text_to_image", Decimal("0.0031"), 1.4, 0.66),
    Step("pastel-2", "Pastel 2", "text_to_image", Decimal("0.0200"), 9.5, 0.86),
    Step("retouch-edit", "Retouch Edit", "image_to_image", Decimal("0.0245"), 7.5, 0.74),
    Step("charcoal-upscale", "Charcoal Upscale", "upscale", Decimal("0.004125"), 3.2, 0.93),
    Step("linen-video", "Linen Video", "text_to_video", Decimal("0.3125"), 74.0, 0.58, "video"),
    Step("velvet-video-pro", "Velvet Video Pro", "image_to_video", Decimal("0.85"), 120.0, 0.71, "video"),
    Step("hush-voice", "Hush Voice", "text_to_audio", Decimal("0.00075"), 2.1, 0.9, "audio"),
)

COMFYUI_WORKFLOWS = (
    Step("product-cutout", "Product cutout", "background_removal", Decimal("0.0064"), 8.0, 0.88),
    Step("flat-lay", "Flat lay composer", "composition", Decimal("0.0181"), 21.0, 0.7),
    Step("skin-retouch", "Skin retouch", "retouching", Decimal("0.0150"), 17.0, 0.63),
    Step("logo-inpaint", "Logo in-painting", "inpainting", Decimal("0.0222"), 26.0, 0.55),
    Step("shoe-spin", "Shoe spin", "image_to_video", Decimal("0.1430"), 95.0, 0.6, "video"),
    Step("poster-print", "Poster for print", "upscale", Decimal("0.0310"), 33.0, 0.8),
)

# What a ComfyUI workflow's graph is made of, for its node runs.
COMFYUI_NODES = ("Load checkpoint", "Encode prompt", "Sample", "Decode", "Save")


@dataclass(frozen=True, slots=True)
class FlowTask:
    """A flow: steps by slug in their order, and prompts that it is run with."""

    slug: str
    name: str
    category: str
    steps: tuple[str, ...]
    prompts: tuple[str, ...]


FLOWS = (
    FlowTask(
        "product-hero",
        "Product hero image",
        "ecommerce",
        ("product-cutout", "gouache-xl", "charcoal-upscale"),
        ("a ceramic teapot on a slate table, morning light", "running shoes on wet asphalt, low angle"),
    ),
    FlowTask(
        "catalogue-refresh",
        "Catalogue refresh",
        "ecommerce",
        ("product-cutout", "flat-lay"),
        ("autumn knitwear, flat lay on oak", "six jars of jam, label to the front"),
    ),
    FlowTask(
        "campaign-poster",
        "Campaign poster",
        "marketing",
        ("pastel-2", "logo-inpaint", "poster-print"),
        ("poster for a jazz festival, two colours", "plakat für ein Straßenfest, handgemalt"),
    ),
    FlowTask(
        "portrait-retouch",
        "Portrait retouch",
        "photo",
        ("skin-retouch", "charcoal-upscale"),
        ("soft light, keep freckles", "natural skin, remove lens flare"),
    ),
    FlowTask(
        "teaser-clip",
        "Teaser clip",
        "video",
        ("gouache-xl", "velvet-video-pro", "hush-voice"),
        ("a paper boat crosses a puddle in the rain", "time lapse of a bakery opening"),
    ),
    FlowTask(
        "thumbnail-set",
        "Thumbnail set",
        "marketing",
        ("gouache-turbo",),
        ("thumbnail: how to sharpen knives", "thumbnail: five mistakes in sourdough 🍞"),
    ),
    FlowTask(
        "room-staging",
        "Room staging",
        "real_estate",
        ("retouch-edit", "charcoal-upscale"),
        ("furnish this empty living room, Nordic style", "the same room at dusk"),
    ),
    FlowTask(
        "shoe-spin-ad",
        "Shoe spin advert",
        "video",
        ("product-cutout", "shoe-spin", "hush-voice"),
        ("white sneaker, 360 degrees, studio", "hiking boot, 360 degrees, moss"),
    ),
)

REGRESSION_FLOW = "product-hero"

# Of a run: code, stage and message of a failure.
FAILURES = (
    ("NODE_EXECUTION_FAILED", "execution", "A node stopped: CUDA out of memory"),
    ("CONTENT_POLICY", "moderation", "The output was held back by the content policy"),
    ("INVALID_INPUT", "validation", "The reference image could not be read"),
    ("MODEL_UNAVAILABLE", "dispatch", "The model is not available at the moment"),
    ("TIMEOUT", "execution", "The run took longer than its limit of 600 seconds"),
)
# Failures of the platform rather than of the run, where an older client saw the status `errored`.
PLATFORM_FAILURE = ("PROVIDER_ERROR", "dispatch", "The provider answered 502")


@dataclass(frozen=True, slots=True)
class Judge:
    """Who looks at an output; a hard gate that fails decides the verdict alone."""

    name: str
    category: str
    description: str
    weight: float
    is_hard_gate: bool
    issues: tuple[tuple[str, str], ...]


JUDGES = (
    Judge(
        "Prompt adherence",
        "prompt_adherence",
        "Does the output show what was asked for?",
        0.3,
        True,
        (
            ("missing_object", "An object that the prompt names is not there."),
            ("wrong_count", "There are more of them than were asked for."),
            ("wrong_colour", "The colour is not the one asked for."),
        ),
    ),
    Judge(
        "Anatomy",
        "anatomy",
        "Are people and animals drawn as they are?",
        0.2,
        True,
        (("hands", "A hand has six fingers."), ("face", "The left eye is blurred.")),
    ),
    Judge(
        "Text",
        "text_rendering",
        "Can lettering be read, and is it spelled right?",
        0.15,
        False,
        (("misspelling", "A letter is doubled."), ("illegible", "The small print cannot be read.")),
    ),
    Judge(
        "Artefacts",
        "artifacts",
        "Are there seams, halos or noise?",
        0.2,
        False,
        (("halo", "There is a pale edge round the product."), ("banding", "The sky shows bands.")),
    ),
    Judge(
        "Brand",
        "brand",
        "Does it keep to the brand's rules?",
        0.15,
        False,
        (("logo_distorted", "The logo is stretched."), ("off_palette", "A colour is outside the palette.")),
    ),
)

SOURCES = ("api", "api", "api", "playground", "schedule", "comfyui_plugin")
REASONS_FOR_THUMBS_UP = ("Used it as it is", "Exactly the mood we wanted", None, None)
REASONS_FOR_THUMBS_DOWN = ("The hands are odd", "Wrong product colour", "Zu dunkel für den Druck", None)
STRENGTHS = ("Light is even", "Composition leads the eye", "Material looks real", "Colours are true")
