use super::*;

fn vault() -> Vault {
    Vault::new(RootKey::from_bytes([7; 32]))
}

#[test]
fn opens_only_where_it_was_sealed() {
    let (key, _) = vault().new_donor_key(1);
    let place = Place::of("donor_identities", "email", 1);
    let sealed = key.seal_text(place, "a@example.org");
    assert_eq!(key.open_text(place, &sealed).unwrap(), "a@example.org");
    for other in [
        Place::of("donor_identities", "email", 2),
        Place::of("donor_identities", "phone", 1),
        Place::of("donors", "email", 1),
    ] {
        assert_eq!(key.open(other, &sealed).unwrap_err().code, Code::IdentityDamaged);
    }
    let (stranger, _) = vault().new_donor_key(1);
    assert!(stranger.open(place, &sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(key.open(place, &changed).is_err());
    }
}

#[test]
fn lengths_are_padded() {
    let key = vault().house().clone();
    let place = Place::of("t", "c", 1);
    let sizes: Vec<_> = [0, 1, 31].iter().map(|n| key.seal(place, &vec![b'x'; *n]).len()).collect();
    assert!(sizes.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(key.seal(place, &[b'x'; 32]).len() > sizes[0]);
    let tail = [1, 0x80, 0, 0];
    assert_eq!(key.open(place, &key.seal(place, &tail)).unwrap(), tail);
}

#[test]
fn a_donor_key_opens_for_its_donor_alone() {
    let vault = vault();
    let (key, wrapped) = vault.new_donor_key(5);
    let place = Place::of("t", "c", 5);
    let again = vault.donor_key(5, &wrapped).unwrap();
    assert_eq!(again.open(place, &key.seal(place, b"x")).unwrap(), b"x");
    assert!(vault.donor_key(6, &wrapped).is_err());
    assert!(Vault::new(RootKey::from_bytes([8; 32])).donor_key(5, &wrapped).is_err());
}

#[test]
fn tags_differ_by_field_and_key() {
    let vault = vault();
    assert_eq!(vault.tag("nid", "1"), vault.tag("nid", "1"));
    assert_ne!(vault.tag("nid", "1"), vault.tag("tel", "1"));
    assert_ne!(vault.tag("nid", "1"), Vault::new(RootKey::from_bytes([8; 32])).tag("nid", "1"));
    assert_ne!(vault.digest(&[b"ab", b"c"]), vault.digest(&[b"a", b"bc"]));
}

#[test]
fn hexadecimal_both_ways() {
    assert_eq!(unhex(&hex(&[0, 1, 255])).unwrap(), [0, 1, 255]);
    for bad in ["0", "zz", "éé", "+1"] {
        assert!(unhex(bad).is_none(), "{bad}");
    }
}
