"""Tests of what deploy.py does to a template and an artefact; no cloud is needed."""

import io
import pathlib
import tempfile
import unittest
import zipfile
from unittest import mock

import deploy


class PackagingTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = pathlib.Path(folder.name)
        self.function = self.base / "lambda" / "poll-orders"
        self.function.mkdir(parents=True)
        (self.function / "bootstrap").write_bytes(b"\x7fELF")

    def test_a_zip_holds_an_executable_and_never_changes_by_itself(self):
        archive = deploy.zip_folder(self.function)
        (entry,) = zipfile.ZipFile(io.BytesIO(archive)).infolist()
        self.assertEqual((entry.filename, entry.external_attr >> 16 & 0o777), ("bootstrap", 0o755))
        (self.function / "bootstrap").touch()
        self.assertEqual(archive, deploy.zip_folder(self.function))

    def test_only_artefact_locations_are_replaced(self):
        text = "Resources:\n  # kept\n  F:\n    CodeUri: lambda/poll-orders\n    Timeout: 60\n"
        with mock.patch("boto3.client") as client:
            client.return_value.meta.region_name = "eu-west-1"
            packaged = deploy.upload_artefacts(text, self.base, "artefacts")
        before, after = text.splitlines(), packaged.splitlines()
        changed = [new for old, new in zip(before, after, strict=True) if old != new]
        self.assertEqual(len(changed), 1)
        self.assertRegex(changed[0], r"^    CodeUri: s3://artefacts/poll-orders-[0-9a-f]{16}\.zip$")

    def test_a_template_of_any_size_travels_by_the_bucket(self):
        with mock.patch("boto3.client") as client:
            client.return_value.meta.endpoint_url = "http://127.0.0.1:4566"
            location = deploy.upload_template("x" * 60_000, "template.yaml", "artefacts")
        self.assertEqual(location, "http://127.0.0.1:4566/artefacts/template.yaml")
        put = client.return_value.put_object.call_args.kwargs
        self.assertEqual((put["Bucket"], put["Key"], len(put["Body"])), ("artefacts", "template.yaml", 60_000))

    def test_a_missing_artefact_is_said(self):
        (self.function / "bootstrap").unlink()
        with mock.patch("boto3.client"), self.assertRaisesRegex(SystemExit, "nothing was built there"):
            deploy.upload_artefacts("    CodeUri: lambda/poll-orders", self.base, "artefacts")


if __name__ == "__main__":
    unittest.main()
