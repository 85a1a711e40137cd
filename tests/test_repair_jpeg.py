"""JPEG repair: better than the JPEG, and never what the file denies."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from divgrad import repair_jpeg
from divgrad.cli import main
from divgrad.errors import ImageError, ParameterError
from divgrad.io import read
from divgrad.learned.noises import JPEGNoise, compressed, jpeg_level
from divgrad.transforms.quantisation_cell import QuantisationCell, cosines, from_cosines
from test_denoise import psnr


@pytest.fixture(scope="module")
def camera():
    return data.camera()[100:260, 150:310].astype(np.float32)


def jpeg(image, quality, **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, **options)
    return np.asarray(Image.open(file)), file.getvalue()


def test_cosines_are_orthonormal_and_their_inverse_is_exact():
    image = np.random.default_rng(0).uniform(0, 255, (16, 24))
    c = cosines(image)
    np.testing.assert_allclose(from_cosines(c), image, atol=1e-10)
    assert np.square(c).sum() == pytest.approx(np.square(image - 128).sum())


def test_the_clean_image_is_in_the_cell_of_its_jpeg_and_stays_there(camera):
    spoilt, steps = compressed(camera, 20)
    cell = QuantisationCell.of(spoilt, steps)
    assert cell.distance(camera) < 0.01  # but for the rounding of the encoder
    np.testing.assert_allclose(cell.project(camera), camera, atol=0.2)
    far = camera[::-1].copy()
    once = cell.project(far)
    assert cell.distance(far) > 1.0
    assert cell.distance(once) < 1e-4
    assert np.abs(cell.project(once) - once).max() < 1e-3  # a projection
    toward = np.square(once - camera).sum()
    assert toward < np.square(far - camera).sum()  # onto a convex set that holds it


@pytest.mark.parametrize(("model", "gain"), [("jpeg", 0.9), (None, 0.4)])
def test_repair_gains_and_compresses_to_the_same_file(camera, model, gain):
    spoilt, steps = compressed(camera, 10)
    made = repair_jpeg(spoilt, tables=[steps.ravel()], model=model, report=True)
    assert psnr(made.image, camera) > psnr(spoilt, camera) + gain
    assert made.quality == 10
    assert "quality 10" in made.report[0]
    again = compressed(repair_jpeg(spoilt, tables=[steps.ravel()], model=model, dtype="u1"), 10)[0]
    assert np.mean(again == spoilt) > 0.99


def test_quality_is_found_and_blocks_of_a_cropped_image_too(camera):
    spoilt, steps = compressed(camera, 20)
    given = repair_jpeg(spoilt, tables=[steps.ravel()])
    np.testing.assert_array_equal(repair_jpeg(spoilt), given)
    cropped = repair_jpeg(spoilt[3:, 5:], report=True)
    assert "row 5, col 3" in cropped.report[0]
    assert psnr(cropped.image, camera[3:, 5:]) > psnr(spoilt[3:, 5:], camera[3:, 5:]) + 0.7


def test_colours_come_back_and_grey_stays_grey(camera):
    clean = data.astronaut()[0:192, 128:320]
    spoilt, _ = jpeg(clean, 15)
    repaired = repair_jpeg(spoilt, channel_axis=-1, dtype="same")
    assert repaired.dtype == np.uint8
    assert psnr(repaired.astype(float), clean) > psnr(spoilt.astype(float), clean) + 0.9
    grey = np.stack([compressed(camera, 20)[0]] * 3, -1)
    assert np.ptp(repair_jpeg(grey, quality=20, channel_axis=-1), axis=-1).max() < 0.6


def test_what_was_no_jpeg_stays_and_what_cannot_be_one_is_refused(camera):
    made = repair_jpeg(camera, report=True)
    np.testing.assert_array_equal(made.image, camera)
    assert made.quality is None
    with pytest.raises(ImageError, match=r"0\.\.255"):
        repair_jpeg(camera * 10)
    with pytest.raises(ImageError, match="2-D"):
        repair_jpeg(np.zeros((4, 16, 16)))
    with pytest.raises(ParameterError, match="64"):
        repair_jpeg(camera, tables=[[1, 2, 3]])
    with pytest.raises(ParameterError, match="quality"):
        repair_jpeg(camera, 0)


def test_the_command_takes_the_steps_from_the_file(tmp_path, capsys):
    clean = data.camera()[100:228, 150:278]
    _, raw = jpeg(clean, 23)
    path = tmp_path / "a.jpg"
    path.write_bytes(raw)
    assert main(["repair-jpeg", str(path)]) == 0
    assert "quality 23" in capsys.readouterr().out
    repaired = read(tmp_path / "a_repaired.png").array
    assert psnr(repaired.astype(float), clean) > psnr(read(path).array.astype(float), clean) + 0.5
    assert main(["repair-jpeg", str(path), "-o", str(tmp_path / "b.jpg")]) == 2
    assert "write .png" in capsys.readouterr().err


def test_jpeg_noise_for_training_says_its_level(camera):
    patches = np.stack([camera[None, :64, :64]] * 2)
    noisy, sigma = JPEGNoise(least=10, most=10)(patches, np.random.default_rng(0))
    spoilt, steps = compressed(camera[:64, :64], 10)
    np.testing.assert_array_equal(noisy[0, 0], spoilt)
    assert sigma[0] == pytest.approx(jpeg_level(steps))
