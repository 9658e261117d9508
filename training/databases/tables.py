"""The rows of the paper's tables: which denoiser and which recogniser, and where they are measured.

Rows that the paper quotes from the work of others and that are not built here (VGG-16, Inception-V2, ResNet-34,
MobileNet-V2, Cui et al., MQFNet, LMFNet) are left out.
"""

from dataclasses import dataclass

DMDNET, LDNFNET = "table1/dmdnet", "table6/d"
LED3D = "table2/led3d_depth"  # its 81.02 % in table 1 is what Led3D's own paper gives for depth alone
FIGURES = ("PSNR", "SSIM", "RMSE", "NU", "FE", "PS", "OC", "TM", "Total")


@dataclass(frozen=True, slots=True)
class Row:
    """One line. Experiments are files of training/configs, without their ending; "" = none.

    Rows that are the same network name the same experiment, so that it is trained once for all tables.

    denoiser:   what is measured on Bosphorus, and what the recogniser's faces go through
    recogniser: what is measured on `faces`
    faces:      the recognition database
    """

    name: str
    denoiser: str = ""
    recogniser: str = ""
    faces: str = "Lock3DFace"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the paper."""

    number: int
    title: str
    rows: tuple[Row, ...]

    @property
    def measures_denoising(self) -> bool:
        """Whether denoisers are judged on scans in it."""
        return self.number in (1, 4, 5, 9)

    def databases(self) -> list[str]:
        """Names of the folders that it needs, in the order of `DATABASES`."""
        needs = {row.faces for row in self.rows if row.recogniser}
        if self.measures_denoising or any(row.denoiser for row in self.rows):
            needs |= {"FRGCv2", "BU3DFE", "Bosphorus"}
        order = ("FRGCv2", "BU3DFE", "Bosphorus", "Lock3DFace", "USTC", "MultiSFace", "IIIT-D")
        return [name for name in order if name in needs]


def _switched(name: str, denoiser: str) -> Row:
    """A row of an ablation: that DMDNet, and Led3D behind it, as in table 1."""
    return Row(name, denoiser, LED3D)


TABLES = {
    table.number: table
    for table in (
        Table(
            1,
            "Denoising on Bosphorus, and rank-1 on Lock3DFace after denoising, by Led3D",
            (
                Row("Led3D", recogniser=LED3D),
                Row("DDRNet", "table1/ddrnet", LED3D),
                Row("3D-FRM", "table1/frm3d", LED3D),
                Row("DMDNet", DMDNET, LED3D),
            ),
        ),
        Table(
            2,
            "Rank-1 on Lock3DFace; * = trained with denoised data",
            (
                Row("Led3D", recogniser="table2/led3d"),
                Row("LDNFNet", recogniser=LDNFNET),
                Row("LDNFNet*", DMDNET, LDNFNET),
            ),
        ),
        Table(
            3,
            "Rank-1 on other sensors; * = trained with denoised data",
            (
                Row("USTC: Led3D", "", LED3D, "USTC"),
                Row("USTC: Led3D*", DMDNET, LED3D, "USTC"),
                Row("MultiSFace: Led3D", "", LED3D, "MultiSFace"),
                Row("MultiSFace: Led3D*", DMDNET, LED3D, "MultiSFace"),
                Row("IIIT-D: Led3D", "", "table2/led3d", "IIIT-D"),
                Row("IIIT-D: LDNFNet", "", LDNFNET, "IIIT-D"),
                Row("IIIT-D: LDNFNet*", DMDNET, LDNFNET, "IIIT-D"),
            ),
        ),
        Table(
            4,
            "Losses of DMDNet",
            (_switched("L1", "table4/l1"), _switched("L1 + SSIM", "table4/l1_ssim"), _switched("all three", DMDNET)),
        ),
        Table(
            5,
            "Positional encoding and multi-scale decoding fusion (MSDF) of DMDNet",
            (
                _switched("none", "table5/none"),
                _switched("Fourier features", "table5/fourier"),
                _switched("coordinate embeddings", "table5/embedding"),
                _switched("MSDF", "table5/multi_scale"),
                _switched("Fourier features, coordinate embeddings", "table5/fourier_embedding"),
                _switched("all three", DMDNET),
            ),
        ),
        Table(
            6,
            "Models A to D of LDNFNet on Lock3DFace",
            tuple(Row(f"Model {letter}", recogniser=f"table6/{letter.lower()}") for letter in "ABCD"),
        ),
        Table(9, "Input of DMDNet, on Bosphorus", (Row("Depth", "table9/depth"), Row("Depth + Normal", DMDNET))),
    )
}
