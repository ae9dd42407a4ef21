//! Pages: layout, assets, sign-in.
