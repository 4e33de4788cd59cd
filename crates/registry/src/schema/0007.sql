-- Devices that upload plainly: the server seals what they send, for one request, under keys that come with it.

-- The device key, wrapped under the device's upload key. NULL: a device that seals by itself.
ALTER TABLE devices ADD COLUMN upload_key BLOB CHECK (length(upload_key) <= 4096);
-- Of an event that was uploaded plainly: the MAC of the upload, by which the same one is known again.
ALTER TABLE events ADD COLUMN upload_mac BLOB CHECK (length(upload_mac) = 32);
