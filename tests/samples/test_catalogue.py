def test_the_malformed_files_are_told_from_the_sound_ones(imported_shop):
    from samples import catalogue

    assert len(catalogue.order_files().sound) == 39
    assert len(catalogue.order_files().malformed) == 9
    assert len(catalogue.images().malformed) == 6
    assert catalogue.scans().malformed == ["shelf-6.scan", "shelf-7.scan"]
    assert len(set(catalogue.orders())) == len(catalogue.orders()) > 100
