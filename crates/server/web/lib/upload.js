/**
 * What a person pastes into a shell to upload plainly. The command stands in docs/device-api.md, and is the same to the letter.
 */

/** What sets the keys. @param {{address: string, upload_key: string, signing_key: string}} shown */
export function keysCommand({ address, upload_key, signing_key }) {
  return `export OWNSIGHT_SERVER='${address}'\nexport OWNSIGHT_UPLOAD='${upload_key}'\nexport OWNSIGHT_SIGN='${signing_key}'\n`;
}

/** Uploads `thumbnail.jpg` and `clip.mp4` of the last twelve seconds. */
export const UPLOAD_COMMAND = String.raw`printf '{"event":"%s","started_at":%s000000,"duration_ms":12000,"label":"motion","thumbnail_bytes":%s,"clip_bytes":%s}\n' \
  "$(cat /proc/sys/kernel/random/uuid)" "$(($(date +%s) - 12))" "$(wc -c < thumbnail.jpg)" "$(wc -c < clip.mp4)" |
  cat - thumbnail.jpg clip.mp4 > upload
openssl dgst -sha256 -mac HMAC -macopt "hexkey:$OWNSIGHT_SIGN" -binary upload > upload.mac && cat upload.mac >> upload
curl --fail-with-body -T upload -H "Authorization: Upload $OWNSIGHT_UPLOAD" "$OWNSIGHT_SERVER/device/v1/uploads"
`;
