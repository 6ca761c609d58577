"""The names of what class activation maps are made with, which settings and models share."""

CAM_ENCODER_NAMES = ("mobilenet_v2", "resnet50", "vgg16", "inception_v3")
POOLING_NAMES = ("wgap", "gap", "max", "lse", "wildcat")
CAM_METHOD_NAMES = (
    "cam",
    "grad_cam",
    "grad_cam_plus_plus",
    "smooth_grad_cam_plus_plus",
    "xgrad_cam",
    "layer_cam",
    "score_cam",
    "ss_cam",
    "is_cam",
)
# The same, multiplied by what stands out: what maps may be compared with each other by.
SALIENT = "salient_"
BASELINE_NAMES = (*CAM_METHOD_NAMES, *(SALIENT + name for name in CAM_METHOD_NAMES))
