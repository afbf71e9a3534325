"""Texts about images: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

IMAGE_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "image.wrong_kind": (
        "Machines cannot start from {name}: it is {image_kind}.",
        "Choose an image of the kind root. A disk that was taken for data can be changed to it.",
        "云主机无法从镜像 {name} 启动：它是{image_kind}。",
        "请选择系统盘类型的镜像；被识别为数据盘的镜像可修改其类型。",
    ),
    "image.is_iso": (
        "The image {name} is a CD or DVD; it cannot become a disk.",
        "Add the disk as an image of its own.",
        "镜像 {name} 是光盘，不能改为磁盘。",
        "请将磁盘另行添加为镜像。",
    ),
}

IMAGE_WORDS: dict[str, tuple[str, str]] = {
    "image.kind.root": ("a disk to start from", "系统盘"),
    "image.kind.data": ("a disk with data", "数据盘"),
    "image.kind.iso": ("a CD or DVD", "光盘"),
}
