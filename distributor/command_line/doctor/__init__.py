"""The checks of `distributor doctor`. Each returns findings; what cannot be asked is a finding, too."""
