//! `propertyos openapi`

/// Prints the OpenAPI document.
pub fn run() -> anyhow::Result<()> {
    println!("{}", crate::openapi::document().to_pretty_json()?);
    Ok(())
}
