//! `assets:mutate`: pictures by their bytes.
//!
//! A picture's id follows from the digest of its bytes: the same picture again is the same
//! asset, as at Google. Names can be changed; nothing can be removed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::errors::AdsError;
use crate::kinds::Kind;
use crate::operations::{Ask, Draft, Operation, Planned, not_carried, required};
use crate::patch::text;

/// Most bytes of a picture.
pub const MOST_BYTES: usize = 5 * 1024 * 1024;
/// Least pixels of either side: what the smallest use, a logo, asks for.
pub const LEAST_PIXELS: usize = 128;

pub(crate) fn plan(draft: &Draft<'_>, operation: &Operation) -> Result<Planned, AdsError> {
    let index = operation.index;
    match &operation.ask {
        Ask::Create(new) => create(draft, index, new),
        Ask::Update(update, mask) => {
            let (_, next) = draft.updated(operation, update, mask, &["name"])?;
            check_name(draft, &next).map_err(|error| error.at(index, &["update", "name"]))?;
            let name = text(&next, "resource_name").to_owned();
            Ok(Planned::one(Kind::Asset, &name, Some(next)))
        }
        Ask::Remove(_) => Err(not_carried(operation)),
    }
}

fn check_name(draft: &Draft<'_>, asset: &Value) -> Result<(), AdsError> {
    if text(asset, "name").trim().is_empty() {
        let text = "A picture needs a name.";
        return Err(AdsError::new("assetError", "NAME_REQUIRED_FOR_ASSET_TYPE", text));
    }
    let taken = draft.all(Kind::Asset).any(|one| {
        text(one, "resource_name") != text(asset, "resource_name")
            && text(one, "name") == text(asset, "name")
    });
    if taken {
        let text = "Another asset has this name.";
        return Err(AdsError::new("assetError", "DUPLICATE_ASSET_NAME", text));
    }
    Ok(())
}

fn create(draft: &Draft<'_>, index: usize, new: &Value) -> Result<Planned, AdsError> {
    let Some(image) = new.get("image_asset") else {
        let text = "The emulated account carries pictures.";
        let error = AdsError::new("assetError", "ASSET_DATA_IS_MISSING", text);
        return Err(error.at(index, &["create"]));
    };
    let path = ["create", "image_asset", "data"];
    if text(image, "data").is_empty() {
        return Err(required(index, &path));
    }
    let bytes = STANDARD.decode(text(image, "data")).unwrap_or_default();
    let (mime_type, width, height) = measure(&bytes).map_err(|error| error.at(index, &path))?;
    let digest = Sha256::digest(&bytes);
    let folded = digest.iter().take(7).fold(0_i64, |id, byte| (id << 8) | i64::from(*byte));
    let id = 7_000_000_000 + folded % 1_000_000_000;
    let name = draft.account.name(Kind::Asset, id);
    let asset = json!({
        "resource_name": name,
        "id": id,
        "name": text(new, "name"),
        "type": "IMAGE",
        "image_asset": {
            "file_size": bytes.len(),
            "mime_type": mime_type,
            "full_size": {"width_pixels": width, "height_pixels": height},
        },
    });
    if let Some(known) = draft.named(&name) {
        let mut planned = Planned::one(Kind::Asset, &name, Some(known.clone()));
        planned.writes.clear();
        return Ok(planned);
    }
    check_name(draft, &asset).map_err(|error| error.at(index, &["create", "name"]))?;
    Ok(Planned::one(Kind::Asset, &name, Some(asset)))
}

fn measure(bytes: &[u8]) -> Result<(&'static str, usize, usize), AdsError> {
    let refuse = |code, text| Err(AdsError::new("imageError", code, text));
    if bytes.len() > MOST_BYTES {
        return refuse("IMAGE_DATA_TOO_LARGE", "The picture has more than 5 MiB.");
    }
    let mime_type = match imagesize::image_type(bytes) {
        Ok(imagesize::ImageType::Png) => "IMAGE_PNG",
        Ok(imagesize::ImageType::Jpeg) => "IMAGE_JPEG",
        Ok(imagesize::ImageType::Gif) => "IMAGE_GIF",
        Ok(_) => return refuse("FORMAT_NOT_ALLOWED", "Send JPEG, PNG or GIF."),
        Err(_) => return refuse("INVALID_IMAGE", "This is no picture."),
    };
    let Ok(size) = imagesize::blob_size(bytes) else {
        return refuse("INVALID_IMAGE", "The picture's size cannot be read.");
    };
    if size.width < LEAST_PIXELS || size.height < LEAST_PIXELS {
        return refuse("IMAGE_TOO_SMALL", "Each side needs 128 pixels.");
    }
    Ok((mime_type, size.width, size.height))
}
