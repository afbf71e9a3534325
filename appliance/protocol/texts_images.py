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
    "image.wrong_offset": (
        "This part of the image does not go on where the one before ended: {received_bytes} are "
        "there.",
        "Ask how far the upload is, and go on there.",
        "此分段与已上传部分不衔接：已收到 {received_bytes}。",
        "请先查询上传进度，再从该处继续。",
    ),
    "image.too_long": (
        "With this part the image would have {received_bytes}, not the {expected_bytes} that were "
        "announced.",
        "Send the file that was announced, or add it as another image.",
        "加上此分段镜像将达到 {received_bytes}，超过所声明的 {expected_bytes}。",
        "请发送所声明的文件，或将其另行添加为镜像。",
    ),
    "image.upload_abandoned": (
        "Nothing came for a day; {received_bytes} of {expected_bytes} had come.",
        "Add the image again, and keep the client open until all has been sent.",
        "已有一天未收到数据；此前收到 {received_bytes}，共 {expected_bytes}。",
        "请重新添加镜像，并在发送完成前保持客户端打开。",
    ),
    "image.volume_not_made": (
        "The volume {name} has not been made yet: there is nothing in it.",
        "Attach it to a virtual machine first, and write to it.",
        "云盘 {name} 尚未创建，其中没有内容。",
        "请先将其挂载到云主机并写入数据。",
    ),
    "image.export_failed": (
        "The image could not be made on the host {name}: {reason}.",
        "Look at the log of the host's agent, mend the cause, and try again.",
        "无法在物理机 {name} 上制作镜像：{reason}。",
        "请查看该物理机的代理日志，排除原因后重试。",
    ),
    "image.export_broken": (
        "The copy of the disk did not come to its end: the machine stopped, or its disk failed.",
        "Try again; a machine that is off stays as it is meanwhile.",
        "磁盘复制未能完成：云主机已停止，或其磁盘发生故障。",
        "请重试；关机状态的云主机在此期间不会变化。",
    ),
    "client.file_changed": (
        "The file {name} has changed since its upload began.",
        "Cancel the job of this image, and add the file as it is now.",
        "文件 {name} 在上传开始后已更改。",
        "请取消该镜像的任务，并按当前文件重新添加。",
    ),
}

IMAGE_WORDS: dict[str, tuple[str, str]] = {
    "image.kind.root": ("a disk to start from", "系统盘"),
    "image.kind.data": ("a disk with data", "数据盘"),
    "image.kind.iso": ("a CD or DVD", "光盘"),
    "operation.volume.create_image": ("Make image of volume", "由云盘制作镜像"),
    "operation.vm.export_volume": ("Make image of volume", "由云盘制作镜像"),
    "step.send_image": ("sending the image to its store", "将镜像发送到镜像服务器"),
    "step.drop_export": ("tidying up where it was made", "清理导出的临时文件"),
    "step.export_volume": ("copying the disk", "复制磁盘"),
    "wait.upload": (
        "waits for a client that sends the rest",
        "等待客户端发送其余数据",
    ),
}
