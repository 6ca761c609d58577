"""All about boxes under one name: their forms, their overlaps, and those of a mask or a grid."""

from ops.box_forms import (
    box_areas,
    clip_boxes,
    cxcywh_to_xyxy,
    xywh_to_xyxy,
    xyxy_to_cxcywh,
    xyxy_to_xywh,
)
from ops.box_overlaps import ciou, diou, giou, iou, iou_matrix, overlap_areas, suppress_overlaps
from ops.map_boxes import boxes_from_contours, boxes_from_mask, find_grid_boxes

__all__ = [
    "box_areas",
    "boxes_from_contours",
    "boxes_from_mask",
    "ciou",
    "clip_boxes",
    "cxcywh_to_xyxy",
    "diou",
    "find_grid_boxes",
    "giou",
    "iou",
    "iou_matrix",
    "overlap_areas",
    "suppress_overlaps",
    "xywh_to_xyxy",
    "xyxy_to_cxcywh",
    "xyxy_to_xywh",
]
